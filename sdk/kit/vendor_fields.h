// SPDX-License-Identifier: Apache-2.0
//
// The fields that certificates and CRLs share, as makers of TEEs write them (vendor_x509.h). Each reads one
// element, and throws ParseError.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "teehost/kit/der.h"
#include "teehost/kit/public_key.h"
#include "teehost/kit/time.h"

namespace teehost::kit::vendor {

/// An AlgorithmIdentifier (RFC 5280, 4.1.1.2) of whatever algorithm, with its tag and length. Parameters are
/// absent, NULL, an OBJECT IDENTIFIER or a SEQUENCE.
[[nodiscard]] ByteView readAlgorithmId(DerReader& in);

enum class Signature { EcdsaSha256, PssSha384, Other };

/// The one that an AlgorithmIdentifier says, compared as a whole: parameters are part of it.
[[nodiscard]] Signature signatureOf(ByteView algorithm) noexcept;

struct Name {
    ByteView der;           ///< with tag and length, for comparing
    std::string commonName; ///< the only one; else empty
};
[[nodiscard]] Name readName(DerReader& in);

[[nodiscard]] UnixSeconds readTime(DerReader& in);
[[nodiscard]] Validity readValidity(DerReader& in);
/// CertificateSerialNumber, without leading zeros.
[[nodiscard]] ByteView readSerial(DerReader& in);

struct Key {
    ByteView bits; ///< of subjectPublicKey
    enum class Kind { P256, P384, Rsa, Other } kind = Kind::Other;
    std::optional<PublicKey> key; ///< of every kind but Other
};
/// A key of a known kind that is broken is a ParseError or CryptoError; of an unknown one there is none.
[[nodiscard]] Key readKey(DerReader& in);

/// Tells whether `signature` is the issuer's over the bytes that are signed.
[[nodiscard]] bool isSigned(ByteView tbs, Signature algorithm, ByteView signature, const Key& issuer);

} // namespace teehost::kit::vendor
