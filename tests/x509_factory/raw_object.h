// SPDX-License-Identifier: Apache-2.0
//
// Certificates and CRLs taken apart into the elements of what is signed, to be put together otherwise and
// signed again, so that nothing but the change can be wrong with them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "x509_factory/x509_factory.h"

namespace teehost::x509_factory {

/// DER (X.690) of a tag, a length of up to 65535, and contents.
[[nodiscard]] Bytes element(std::uint8_t tag, kit::ByteView contents);
[[nodiscard]] Bytes joined(const std::vector<Bytes>& pieces);
/// The elements that follow each other in `contents`, each with its tag and length.
[[nodiscard]] std::vector<Bytes> elementsOf(kit::ByteView contents);
/// Without tag and length.
[[nodiscard]] Bytes contentsOf(kit::ByteView element);

struct RawObject {
    /// Reads a certificate or CRL.
    [[nodiscard]] static RawObject of(kit::ByteView der);

    std::vector<Bytes> fields; ///< of the part that is signed: version, serial number, ...
    Bytes algorithm;           ///< outside of it

    [[nodiscard]] Bytes tbs() const { return element(0x30, joined(fields)); }
    [[nodiscard]] Bytes signedBy(const Key& key) const { return signedBy(tbs(), key); }
    /// The object with this signed part instead, whatever bytes it is.
    [[nodiscard]] Bytes signedBy(const Bytes& tbs, const Key& key) const;
    [[nodiscard]] Bytes with(const Bytes& tbs, const Bytes& signature) const;
};

/// Places in RawObject::fields.
namespace certificate_field {
inline constexpr std::size_t kVersion = 0, kSerial = 1, kAlgorithm = 2, kIssuer = 3, kValidity = 4,
                             kSubject = 5, kKey = 6, kExtensions = 7;
} // namespace certificate_field
namespace crl_field {
inline constexpr std::size_t kVersion = 0, kAlgorithm = 1, kIssuer = 2, kFrom = 3, kTo = 4, kRevoked = 5;
} // namespace crl_field

/// The signature of a message as it stands in a certificate: ECDSA in DER, or RSASSA-PSS with `salt` bytes.
[[nodiscard]] Bytes signatureOf(kit::ByteView message, const Key& key, int salt = 48);

/// CRLs that OpenSSL reads and the profile of the makers of TEEs refuses, by what is wrong with each: a name
/// of its issuer with a letter beyond ASCII, no time of the next CRL, a serial number of 21 bytes.
[[nodiscard]] std::vector<std::pair<std::string, Bytes>> crlsOutsideTheProfile(const CrlTerms& terms);

/// A certificate that OpenSSL reads, and that is of no maker of TEEs: its subject is "café".
[[nodiscard]] Bytes foreignCertificate();

} // namespace teehost::x509_factory
