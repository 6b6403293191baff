// SPDX-License-Identifier: Apache-2.0
//
// Extensions of certificates and CRLs of makers of TEEs (RFC 5280, 4.2 and 5.2; vendor_x509.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "teehost/kit/der.h"

namespace teehost::kit::vendor {

struct Extension {
    ByteView oid; ///< contents of the OBJECT IDENTIFIER
    bool critical = false;
    ByteView value; ///< contents of the OCTET STRING
};
/// A SEQUENCE of them, which are 32 at most.
[[nodiscard]] std::vector<Extension> readExtensions(DerReader& in);

/// keyUsage (4.2.1.3): bit 0 of the BIT STRING is the lowest here.
namespace usage {
inline constexpr unsigned kKeyCertSign = 1u << 5, kCrlSign = 1u << 6;
} // namespace usage

/// The rules that the extensions of a certificate state.
struct Constraints {
    bool isCa = false;
    std::optional<std::uint64_t> pathLength{};
    std::optional<unsigned> keyUsage{};
    std::optional<ByteView> subjectKeyId{}, authorityKeyId{};
    /// Says why no chain may have the certificate: an extension that is critical and not understood, one of
    /// RFC 5280's or Netscape's that the makers do not use, or one that is there twice.
    std::optional<std::string> fault{};
};
/// ParseError when one of the extensions that the makers use has another form than theirs.
[[nodiscard]] Constraints constraintsOf(const std::vector<Extension>& extensions);

/// authorityKeyIdentifier of a CRL; nothing when there is none.
[[nodiscard]] std::optional<ByteView> authorityKeyIdOf(const std::vector<Extension>& extensions);

} // namespace teehost::kit::vendor
