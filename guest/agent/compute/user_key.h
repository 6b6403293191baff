// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

struct evp_pkey_st;

namespace teehost::guest {

/// Roles of those who take part in a computation. A client proves its role by a signature over these words,
/// the same each time: whoever has seen one can repeat it, hence the connection has to be confidential.
inline constexpr const char *kAlgorithmProvider = "algorithm-provider", *kDataProvider = "data-provider",
                            *kConsumer = "consumer";

/// The public key of somebody who takes part.
class UserKey {
public:
    /// Reads a SubjectPublicKeyInfo in DER: RSA of 2048 to 8192 bits, a NIST curve, or Ed25519. Throws
    /// Refusal.
    [[nodiscard]] static UserKey parse(std::string_view der);

    /// Whether `signature`, in base64, is of this key over the role: PKCS #1 v1.5 or ECDSA in ASN.1 with
    /// SHA-256, or Ed25519.
    [[nodiscard]] bool hasSigned(std::string_view role, std::string_view signature) const;

private:
    std::shared_ptr<evp_pkey_st> key_; ///< shared: it is never changed, and copies of a manifest are made
};

/// Throws the Refusal for a request without a signature for its role.
[[noreturn]] void refuseSignature(std::string_view role);

} // namespace teehost::guest
