// SPDX-License-Identifier: Apache-2.0
//
// The roots that are trusted: Intel's, unless a verification names others.
#pragma once

#include <span>

#include <teehost/kit/vendor_x509.h>
#include <teehost/kit/x509.h>

namespace teehost::tdx {

/// A root certificate. Intel has issued its root more than once for one key, so a certificate of that key
/// will do too: only who has the key can have signed it, and that it did is checked with the chain.
struct Anchor {
    [[nodiscard]] static Anchor of(const kit::VendorCertificate& root);
    /// Takes a root of any maker, which an operator gives.
    [[nodiscard]] static Anchor of(const kit::Certificate& root);

    kit::Sha256Digest certificate{}; ///< SHA-256 of the DER
    kit::Sha256Digest key{};         ///< SHA-256 of subjectPublicKey
};

/// "Intel SGX Root CA", under which all of SGX and TDX is.
[[nodiscard]] std::span<const Anchor> intelRoots() noexcept;

[[nodiscard]] bool isTrusted(const Anchor& root, std::span<const Anchor> anchors);

} // namespace teehost::tdx
