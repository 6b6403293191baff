// SPDX-License-Identifier: Apache-2.0
#include "report/collateral.h"

#include <algorithm>
#include <string>

#include <teehost/kit/x509.h>

#include "input_error.h"
#include "report/cert_table.h"

namespace teehost::sev_snp {
namespace {

// A chain has three certificates and a CRL or two.
constexpr std::size_t kMostObjects = 64, kMostOffered = 8;
constexpr int kBestFit = 8;

/// How well a certificate fits the report: kind, TCB, chip.
int fitOf(const kit::VendorCertificate& certificate, const Report& report)
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

bool isVek(const kit::VendorCertificate& certificate)
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

void Collateral::add(kit::ByteView blob, Origin origin)
{
    if (!kit::looksLikeX509(blob)) {
        for (const TableEntry& entry : tableOf(blob))
            if (holdsX509(entry))
                addX509(entry.data, origin);
        return;
    }
    addX509(blob, origin);
}

void Collateral::addX509(kit::ByteView blob, Origin origin)
{
    std::size_t& count = objects_.at(static_cast<std::size_t>(origin));
    try {
        const kit::VendorObjects objects = kit::readVendorX509(blob);
        for (const kit::VendorCertificate& one : objects.certificates) // an anchor may be given as collateral
            if (std::find(certificates_.begin(), certificates_.end(), one) == certificates_.end())
                certificates_.push_back(one);
        crls_.insert(crls_.end(), objects.crls.begin(), objects.crls.end());
        others_.insert(others_.end(), objects.others.begin(), objects.others.end());
        unreadCrls_.insert(unreadCrls_.end(), objects.unreadCrls.begin(), objects.unreadCrls.end());
        count += objects.count();
    } catch (const kit::CryptoError& e) {
        throw InputError("collateral", e.what());
    }
    if (const auto most = origin == Origin::Offered ? kMostOffered : kMostObjects; count > most)
        throw InputError("collateral",
                         "there are more than " + std::to_string(most) + " certificates and CRLs");
}

Collateral::Vek Collateral::vekFor(const Report& report) const
{
    const kit::VendorCertificate* best = nullptr;
    int fit = 0;
    for (const kit::VendorCertificate& certificate : certificates_)
        if (const int its = isVek(certificate) ? fitOf(certificate, report) : 0; its > fit) {
            best = &certificate;
            fit = its;
        }
    return {best, fit == kBestFit};
}

Collateral::Issuers Collateral::issuersOf(const kit::VendorCertificate& vek) const
{
    const kit::VendorCertificate* lone = nullptr; // the first intermediate, if it is without a root
    std::vector<Issuers> found;
    const std::string& issuer = vek.issuerCommonName();
    for (const kit::VendorCertificate& intermediate : certificates_) {
        if (issuer.empty() || intermediate.subjectCommonName() != issuer)
            continue;
        if (lone == nullptr)
            lone = &intermediate;
        for (const kit::VendorCertificate& root : certificates_)
            if (root.subjectCommonName() == intermediate.issuerCommonName())
                found.push_back({&intermediate, &root});
    }
    if (found.empty())
        return {lone, nullptr};
    if (found.size() == 1)
        return found.front();
    const auto fits = [&](const Issuers& its) {
        return !kit::chainFault(vek, std::span(its.intermediate, 1), *its.root, amdRoots());
    };
    const auto it = std::find_if(found.begin(), found.end(), fits);
    return it == found.end() ? found.front() : *it;
}

} // namespace teehost::sev_snp
