// SPDX-License-Identifier: Apache-2.0
//
// Makes the authentication of an ID block: what verifyId checks.
#pragma once

#include <memory>
#include <string_view>

#include "launch/id_block.h"

struct evp_pkey_st;

namespace teehost::sev_snp {

/// A private key on P-384. Its bytes stay in OpenSSL; nothing prints or copies them.
class PrivateKey {
public:
    /// From a PEM file without a passphrase. The file must be a regular one, of this process's user or root,
    /// without any permission for group and others: InputError id_key_file else, and id_key_curve for
    /// another kind of key. std::system_error when it cannot be read.
    [[nodiscard]] static PrivateKey read(std::string_view path);
    [[nodiscard]] static PrivateKey fromPem(std::string_view pem);

    [[nodiscard]] IdKey publicKey() const;
    /// ECDSA over the SHA-384 of `message`; each call gives another signature.
    [[nodiscard]] IdSignature sign(kit::ByteView message) const;

private:
    explicit PrivateKey(std::shared_ptr<evp_pkey_st> key) noexcept : key_(std::move(key)) {}
    std::shared_ptr<evp_pkey_st> key_;
};

/// `author` may be null: then nobody vouches for the ID key.
[[nodiscard]] IdAuth signId(const IdBlock& block, const PrivateKey& id, const PrivateKey* author);

} // namespace teehost::sev_snp
