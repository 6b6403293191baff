// SPDX-License-Identifier: Apache-2.0
//
// The RSA key pair with which a data or algorithm provider signs what it sends to the agent.
#pragma once

#include <filesystem>
#include <string>

namespace teehost::cli {

constexpr unsigned kRsaBits = 4096;

struct KeyPair {
    std::string privatePem;  ///< PKCS#8, RFC 5208, not encrypted; wipe it after use
    std::string publicPem;   ///< SubjectPublicKeyInfo, RFC 5280
    std::string fingerprint; ///< SHA-256 of the DER public key, in hexadecimal

    KeyPair() = default;
    KeyPair(KeyPair&&) = default;
    KeyPair(const KeyPair&) = delete;
    KeyPair& operator=(const KeyPair&) = delete;
    ~KeyPair();
};

/// Takes about a second. Throws Failure when OpenSSL cannot.
[[nodiscard]] KeyPair generateKeyPair(unsigned bits = kRsaBits);

enum class Existing { Refuse, Replace };

struct KeyPaths {
    std::filesystem::path privateKey, publicKey;
};

[[nodiscard]] KeyPaths keyPathsIn(const std::filesystem::path& directory);

/// Throws Failure when one of `paths` exists, or their directory does not.
void expectNoKeys(const KeyPaths& paths);

/// Writes private.pem (0600) and public.pem (0644). Each file appears whole and with its final mode, or not
/// at all; with Existing::Refuse nothing that exists is touched, and no half of a pair stays behind. Throws
/// Failure.
void writeKeyPair(const KeyPair& keys, const KeyPaths& paths, Existing existing);

} // namespace teehost::cli
