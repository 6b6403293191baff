// SPDX-License-Identifier: Apache-2.0
#include "report/collateral.h"

#include <algorithm>
#include <string>

#include "input_error.h"
#include "report/cert_table.h"

namespace teehost::sev_snp {
namespace {

constexpr std::size_t kMostObjects = 64; // a chain has three certificates and a CRL or two

/// How well a certificate fits the report: kind, TCB, chip.
int fitOf(const kit::Certificate& certificate, const Report& report)
{
    try {
        const Endorsement vek = Endorsement::parse(certificate);
        const auto line = vek.line();
        const bool kind = (vek.kind == EndorsementKind::Vlek) == (report.signingKey() == SigningKey::Vlek);
        const bool tcb = line && Tcb::decode(report.reportedTcb, *line) == vek.tcb;
        const bool chip = vek.hwid.size() <= report.chipId.size() &&
                          kit::equal(kit::ByteView(report.chipId).first(vek.hwid.size()), vek.hwid);
        return 1 + 4 * kind + 2 * chip + 1 * tcb;
    } catch (const InputError&) {
        return 1; // by its name it is one; the checks will say what is wrong with it
    }
}

bool isVek(const kit::Certificate& certificate)
{
    const std::string name = certificate.subjectCommonName();
    return name == "SEV-VCEK" || name == "SEV-VLEK";
}

} // namespace

namespace {

std::vector<TableEntry> tableOf(kit::ByteView blob)
{
    try {
        return readCertTable(blob);
    } catch (const InputError& e) {
        throw InputError("collateral",
                         "neither certificates or CRLs, in PEM or DER, nor a certificate table (" +
                             std::string(e.what()) + ")");
    }
}

} // namespace

void Collateral::add(kit::ByteView blob)
{
    if (!kit::looksLikeX509(blob)) {
        for (const TableEntry& entry : tableOf(blob))
            if (holdsX509(entry))
                addX509(entry.data);
        return;
    }
    addX509(blob);
}

void Collateral::addX509(kit::ByteView blob)
{
    try {
        const kit::X509Objects objects = kit::readX509(blob);
        certificates_.insert(certificates_.end(), objects.certificates.begin(), objects.certificates.end());
        crls_.insert(crls_.end(), objects.crls.begin(), objects.crls.end());
    } catch (const kit::CryptoError& e) {
        throw InputError("collateral", e.what());
    }
    if (certificates_.size() + crls_.size() > kMostObjects)
        throw InputError("collateral", "more than 64 certificates and CRLs are given");
}

const kit::Certificate* Collateral::vekFor(const Report& report) const
{
    const kit::Certificate* best = nullptr;
    int fit = 0;
    for (const kit::Certificate& certificate : certificates_)
        if (const int its = isVek(certificate) ? fitOf(certificate, report) : 0; its > fit) {
            best = &certificate;
            fit = its;
        }
    return best;
}

Collateral::Issuers Collateral::issuersOf(const kit::Certificate& vek) const
{
    Issuers first;
    const std::string issuer = vek.issuerCommonName();
    for (const kit::Certificate& intermediate : certificates_) {
        if (issuer.empty() || intermediate.subjectCommonName() != issuer)
            continue;
        if (first.intermediate == nullptr)
            first.intermediate = &intermediate;
        for (const kit::Certificate& root : certificates_) {
            if (root.subjectCommonName() != intermediate.issuerCommonName())
                continue;
            if (first.root == nullptr)
                first = {&intermediate, &root};
            if (!kit::chainFault(vek, std::span(&intermediate, 1), root))
                return {&intermediate, &root};
        }
    }
    return first;
}

} // namespace teehost::sev_snp
