// SPDX-License-Identifier: Apache-2.0
//
// An attestation key that is in no TPM: it signs whatever it is given. For tests of those who verify.
#pragma once

#include <memory>
#include <string>

#include "attest.pb.h"

struct evp_pkey_st;

namespace teehost::guest {

class ForgedKey {
public:
    /// A new key on P-256. std::runtime_error when OpenSSL makes none.
    ForgedKey();

    /// TPMT_PUBLIC, as of a key that the TPM restricts.
    [[nodiscard]] const std::string& publicArea() const noexcept { return publicArea_; }

    /// Makes true evidence look like this key's: it takes the place of the true key, is named in what was
    /// signed as a child of the endorsement key (TPMT_PUBLIC), and signs that again. Nothing else changes.
    void sign(attest::Attestation& evidence, const std::string& endorsementKey) const;

private:
    [[nodiscard]] std::string signature(const std::string& text) const;

    std::shared_ptr<evp_pkey_st> key_;
    std::string publicArea_;
};

} // namespace teehost::guest
