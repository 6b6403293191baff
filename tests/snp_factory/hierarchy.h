// SPDX-License-Identifier: Apache-2.0
//
// A certificate hierarchy as AMD's, of keys made on the spot, and everything it signs: endorsement
// certificates, CRLs, reports. Each part can be made wrong on purpose.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "report/report.h"
#include "x509_factory/x509_factory.h"

namespace teehost::snp_factory {

using sev_snp::ProductLine;
using sev_snp::Tcb;

using namespace x509_factory;

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
