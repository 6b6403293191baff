// SPDX-License-Identifier: Apache-2.0
//
// The chain of the PCK certificate, by which a quoting enclave's platform is known, and everything about it
// that depends neither on the rest of the quote nor on the time: worked out once for all quotes of a host.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <teehost/kit/check_line.h>
#include <teehost/kit/vendor_x509.h>

#include "tdx/quote/anchors.h"
#include "tdx/quote/pck_extension.h"

namespace teehost::tdx {

/// Subjects of Intel's certificates (PCK Certificate and CRL Profile Specification, section 1.3.2).
namespace subject {
inline constexpr std::string_view kRoot = "Intel SGX Root CA";
inline constexpr std::string_view kPlatformCa = "Intel SGX PCK Platform CA";
inline constexpr std::string_view kProcessorCa = "Intel SGX PCK Processor CA";
inline constexpr std::string_view kPck = "Intel SGX PCK Certificate";
inline constexpr std::string_view kTcbSigning = "Intel SGX TCB Signing";
} // namespace subject

/// The certificates of PEM text that holds nothing else, in DER: each line as RFC 7468 wants it, and at the
/// end NUL and newlines at most, so that nobody can change a byte of it unnoticed. InputError CHAIN_FORMAT,
/// CHAIN_LEN.
[[nodiscard]] std::vector<kit::Bytes> readPemChain(kit::ByteView text);

/// Why the certificates, leaf first, are not a chain of ECDSA with SHA-256 on P-256 to the self-signed last
/// one; nothing when they are: CHAIN_SIG, NOT_CA. Neither validity in time nor trust in the root is looked
/// at.
[[nodiscard]] std::optional<kit::Fault> chainFault(const std::vector<kit::VendorCertificate>& chain);

struct NamedValidity {
    std::string name; ///< common name, as it can be shown
    kit::Validity validity;
};
[[nodiscard]] NamedValidity validityOf(const kit::VendorCertificate& certificate);

struct PckChain {
    /// From the text in a quote.
    [[nodiscard]] static PckChain of(kit::ByteView pem);

    std::optional<kit::Fault> format; ///< CHAIN_FORMAT, CHAIN_LEN, LEAF_CN, PCK_EXTENSION
    /// PCK certificate, its issuer, the root; none of them where that is not what there is.
    std::vector<kit::VendorCertificate> certificates;
    std::optional<kit::Fault> signatures; ///< see chainFault
    std::optional<PckExtension> extension;
    Anchor rootId;                       ///< by which the root is trusted, or not
    std::vector<NamedValidity> validity; ///< of the certificates
    std::optional<kit::PublicKey> key;   ///< of the PCK, on P-256

    [[nodiscard]] bool isWhole() const noexcept { return !certificates.empty(); }
    [[nodiscard]] const kit::VendorCertificate& pck() const { return certificates.at(0); }
    [[nodiscard]] const kit::VendorCertificate& issuer() const { return certificates.at(1); }
    [[nodiscard]] const kit::VendorCertificate& root() const { return certificates.at(2); }
};

} // namespace teehost::tdx
