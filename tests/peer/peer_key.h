// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <openssl/evp.h>

namespace teehost::test {

/// A key of somebody who takes part in a computation, and the signature that the Cocos CLI makes with it.
class PeerKey {
public:
    enum class Kind { Rsa, P256, Ed25519 };
    explicit PeerKey(Kind kind);

    /// Base64 of the signature over the role, such as "algorithm-provider".
    [[nodiscard]] std::string sign(const std::string& role) const;
    /// SubjectPublicKeyInfo in DER, as a manifest names keys.
    [[nodiscard]] std::string publicKey() const;

private:
    std::shared_ptr<EVP_PKEY> key_;
    Kind kind_;
};

/// SHA3-256, by which a manifest names algorithms and datasets.
[[nodiscard]] std::string sha3Of(const std::string& bytes);

} // namespace teehost::test
