// SPDX-License-Identifier: Apache-2.0
//
// A report and its certificates, all well unless a test makes one of them otherwise.
#pragma once

#include <vector>

#include <cppunit/extensions/HelperMacros.h>

#include "report/verify.h"
#include "snp_factory/hierarchy.h"

namespace teehost::sev_snp::test {

using namespace snp_factory;

/// Keys are made once for all tests of a line: it takes a second.
inline const Hierarchy& hierarchyOf(ProductLine line)
{
    static const Hierarchy kMilan(ProductLine::Milan), kGenoa(ProductLine::Genoa), kTurin(ProductLine::Turin);
    return line == ProductLine::Milan ? kMilan : line == ProductLine::Genoa ? kGenoa : kTurin;
}

struct Scene {
    explicit Scene(ProductLine its = ProductLine::Milan) : line(its)
    {
        reportTerms.line = its;
        reportTerms.chip = chipId(its);
        if (its == ProductLine::Turin)
            reportTerms.tcb = {2, 1, 0, 3, 200};
        vekTerms = hierarchy().vcekTerms(reportTerms.tcb, reportTerms.chip);
    }

    [[nodiscard]] const Hierarchy& hierarchy() const { return hierarchyOf(line); }
    void useVlek()
    {
        reportTerms.keyInfo = 1 << 2;
        vekTerms = hierarchy().vlekTerms(reportTerms.tcb);
        vlek = true;
    }
    [[nodiscard]] EndorsementChain chain() const
    {
        return {vendor(makeCertificate(vekTerms)), vendor(vlek ? hierarchy().asvk : hierarchy().ask),
                vendor(hierarchy().ark)};
    }
    [[nodiscard]] ChainFacts facts() const { return ChainFacts::of(chain(), crls); }
    [[nodiscard]] Bytes report() const { return makeReport(reportTerms, hierarchy().vekKey); }

    /// Of the first check that fails; empty when all are well.
    [[nodiscard]] std::string verify(const Bytes& bytes, const ChainFacts& facts) const
    {
        const std::vector<kit::Sha256Digest> roots{hierarchy().ark.fingerprint()};
        const auto lines =
            verifyReport(Report::parse(bytes), &facts,
                         {at, trusted ? std::span<const kit::Sha256Digest>(roots) : amdRoots(), crlMode});
        for (const CheckLine& check : lines)
            CPPUNIT_ASSERT(check.outcome == Outcome::Pass || !check.message.empty());
        const auto* failure = firstObjection(lines);
        return failure == nullptr ? "" : failure->reason;
    }
    [[nodiscard]] std::string verify() const { return verify(report(), facts()); }

    ProductLine line;
    ReportTerms reportTerms;
    CertificateTerms vekTerms;
    std::vector<kit::VendorCrl> crls;
    bool vlek = false;
    bool trusted = true;
    kit::UnixSeconds at = kNow;
    CrlMode crlMode = CrlMode::IfPresent;
};

} // namespace teehost::sev_snp::test
