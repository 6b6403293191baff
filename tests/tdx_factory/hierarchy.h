// SPDX-License-Identifier: Apache-2.0
//
// A certificate hierarchy as Intel's for SGX and TDX, of keys made on the spot. Each part can be made wrong
// on purpose.
#pragma once

#include <array>
#include <string>

#include "tdx/quote/pck_extension.h"
#include "x509_factory/x509_factory.h"

namespace teehost::tdx_factory {

using namespace x509_factory;
using tdx::Svns;

/// DER (X.690), for tests to build what they want.
[[nodiscard]] Bytes der(std::uint8_t tag, kit::ByteView content);
[[nodiscard]] Bytes derNumber(std::uint64_t number);
/// A SEQUENCE of OID and value; the OID is below 1.2.840.113741.1.13.1, as its further components.
[[nodiscard]] Bytes derPair(const std::vector<std::uint8_t>& rest, kit::ByteView value);

/// What the PCK certificate says of its platform.
struct Platform {
    Svns components{5, 5, 2, 2, 4, 1, 0, 5};
    std::uint16_t pceSvn = 13;
    std::array<std::uint8_t, 2> pceId{};
    std::array<std::uint8_t, 6> fmspc{0xb0, 0xc0, 0x6f, 0, 0, 0};
};
/// The pairs of the extension, to be changed; derOf puts them together.
[[nodiscard]] std::vector<Bytes> pckPairs(const Platform& platform);
[[nodiscard]] Bytes derOf(const std::vector<Bytes>& pairs);
[[nodiscard]] Bytes pckExtension(const Platform& platform);

/// The keys of everybody.
class Hierarchy {
public:
    Hierarchy();

    /// Of a certificate of the PCK; change them before makeCertificate.
    [[nodiscard]] CertificateTerms pckTerms(const Platform& platform = {}) const;
    [[nodiscard]] CrlTerms rootCrlTerms() const;
    [[nodiscard]] CrlTerms pckCrlTerms() const;

    Key rootKey, issuerKey, pckKey, signerKey, attestationKey;
    CertificateTerms rootTerms, issuerTerms, signerTerms;
    kit::Certificate root, issuer, signer; ///< "Intel SGX Root CA", "... PCK Platform CA", "... TCB Signing"
};

} // namespace teehost::tdx_factory
