// SPDX-License-Identifier: Apache-2.0
//
// A certificate hierarchy as AMD's, of keys made on the spot, and everything it signs: endorsement
// certificates, CRLs, reports. Each part can be made wrong on purpose. RSA keys are short, because making
// them takes the time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <teehost/kit/bytes.h>
#include <teehost/kit/x509.h>

#include "report/report.h"

struct evp_pkey_st;

namespace teehost::snp_factory {

using kit::Bytes;
using sev_snp::ProductLine;
using sev_snp::Tcb;

using Key = std::shared_ptr<evp_pkey_st>;
[[nodiscard]] Key makeRsaKey();
[[nodiscard]] Key makeEcKey(const char* curve = "P-384");

inline constexpr kit::UnixSeconds kNow =
    1'760'000'000; ///< October 2025: when everything is valid unless said otherwise
inline constexpr kit::UnixSeconds kYear = 31'536'000;

struct Extension {
    std::string oid;
    Bytes value;
};

struct CertificateTerms {
    std::string subject; ///< common name
    std::string issuer;
    Key key;
    Key signer;
    bool isCa = false;
    bool pss = true; ///< else PKCS #1 v1.5
    std::uint64_t serial = 0;
    kit::Validity validity{kNow - kYear, kNow + kYear};
    std::vector<Extension> extensions{};
};
[[nodiscard]] kit::Certificate makeCertificate(const CertificateTerms& terms);

struct CrlTerms {
    std::string issuer;
    Key signer;
    kit::Validity validity{kNow - 86'400, kNow + 86'400};
    std::vector<std::uint64_t> revoked{}; ///< serial numbers
    bool criticalExtension = false;
};
[[nodiscard]] kit::Crl makeCrl(const CrlTerms& terms);

/// DER of what AMD's extensions hold.
[[nodiscard]] Bytes derInteger(std::uint8_t number);
[[nodiscard]] Bytes derIa5String(const std::string& text);

/// Keys and certificates of one product line.
class Hierarchy {
public:
    explicit Hierarchy(ProductLine line);

    /// Of a VCEK or VLEK; change them before vek().
    [[nodiscard]] CertificateTerms vcekTerms(const Tcb& tcb, const std::array<std::uint8_t, 64>& chip) const;
    [[nodiscard]] CertificateTerms vlekTerms(const Tcb& tcb) const;
    [[nodiscard]] CrlTerms crlTerms() const;

    ProductLine line;
    Key arkKey, askKey, asvkKey, vekKey;
    CertificateTerms arkTerms, askTerms, asvkTerms;
    kit::Certificate ark, ask, asvk;
};

/// A report with plausible contents, signed with `key`.
struct ReportTerms {
    std::uint32_t version = 3;
    ProductLine line = ProductLine::Milan;
    std::uint64_t policy = 0x30000;
    std::uint32_t keyInfo = 0;
    Tcb tcb{0, 4, 0, 24, 219};
    std::array<std::uint8_t, 64> chip{};
    std::function<void(Bytes& report)> change{}; ///< before it is signed
};
[[nodiscard]] Bytes makeReport(const ReportTerms& terms, const Key& key);
/// Signs bytes 0 to 0x29f anew.
void signReport(Bytes& report, const Key& key);

/// A chip id that begins like an OCTET STRING, as a real one may.
[[nodiscard]] std::array<std::uint8_t, 64> chipId(ProductLine line);

} // namespace teehost::snp_factory
