// SPDX-License-Identifier: Apache-2.0
#include "snp_factory/hierarchy.h"

#include <algorithm>

namespace teehost::snp_factory {
namespace {

CertificateTerms issuerTerms(const std::string& subject, const std::string& issuer, Key key, Key signer,
                             std::uint64_t serial)
{
    return {subject,           issuer, std::move(key),
            std::move(signer),
            /*isCa=*/true,
            /*pss=*/true,      serial, {kNow - 5 * kYear, kNow + 20 * kYear}};
}

std::string nameText(ProductLine line) { return std::string(sev_snp::nameOf(line)); }

} // namespace

Bytes derInteger(std::uint8_t number)
{
    return number < 0x80 ? Bytes{0x02, 0x01, number} : Bytes{0x02, 0x02, 0x00, number};
}

Bytes derIa5String(const std::string& text)
{
    Bytes out{0x16, static_cast<std::uint8_t>(text.size())};
    out.insert(out.end(), text.begin(), text.end());
    return out;
}

Hierarchy::Hierarchy(ProductLine its)
    : line(its), arkKey(makeRsaKey()), askKey(makeRsaKey()), asvkKey(makeRsaKey()), vekKey(makeEcKey()),
      arkTerms(issuerTerms("ARK-" + nameText(its), "ARK-" + nameText(its), arkKey, arkKey, 0x10000)),
      askTerms(issuerTerms("SEV-" + nameText(its), "ARK-" + nameText(its), askKey, arkKey, 0x10001)),
      asvkTerms(issuerTerms("SEV-VLEK-" + nameText(its), "ARK-" + nameText(its), asvkKey, arkKey, 0x10002)),
      ark(makeCertificate(arkTerms)), ask(makeCertificate(askTerms)), asvk(makeCertificate(asvkTerms))
{
}

namespace {

std::vector<Extension> tcbExtensions(ProductLine line, const Tcb& tcb, const std::string& product)
{
    const std::string prefix = "1.3.6.1.4.1.3704.1.";
    std::vector<Extension> out{{prefix + "1", derInteger(line == ProductLine::Turin ? 1 : 0)},
                               {prefix + "2", derIa5String(product)},
                               {prefix + "3.1", derInteger(tcb.bootLoader)},
                               {prefix + "3.2", derInteger(tcb.tee)},
                               {prefix + "3.3", derInteger(tcb.snp)},
                               {prefix + "3.8", derInteger(tcb.microcode)}};
    if (line == ProductLine::Turin)
        out.push_back({prefix + "3.9", derInteger(tcb.fmc)});
    return out;
}

} // namespace

CertificateTerms Hierarchy::vcekTerms(const Tcb& tcb, const std::array<std::uint8_t, 64>& chip) const
{
    CertificateTerms terms{"SEV-VCEK", "SEV-" + nameText(line), vekKey, askKey};
    terms.extensions = tcbExtensions(line, tcb, line == ProductLine::Milan ? "Milan-B0" : nameText(line));
    const std::size_t size = line == ProductLine::Turin ? 8 : 64;
    terms.extensions.push_back(
        {"1.3.6.1.4.1.3704.1.4", Bytes(chip.begin(), chip.begin() + static_cast<std::ptrdiff_t>(size))});
    return terms;
}

CertificateTerms Hierarchy::vlekTerms(const Tcb& tcb) const
{
    CertificateTerms terms{"SEV-VLEK", "SEV-VLEK-" + nameText(line), vekKey, asvkKey};
    terms.extensions = tcbExtensions(line, tcb, nameText(line));
    terms.extensions.push_back({"1.3.6.1.4.1.3704.1.5", derIa5String("CN=cloud.example")});
    return terms;
}

CrlTerms Hierarchy::crlTerms() const { return {"ARK-" + nameText(line), arkKey}; }

std::array<std::uint8_t, 64> chipId(ProductLine line)
{
    std::array<std::uint8_t, 64> chip{};
    const std::size_t size = line == ProductLine::Turin ? 8 : 64;
    for (std::size_t i = 0; i < size; ++i)
        chip[i] = static_cast<std::uint8_t>(0x04 + 7 * i);
    return chip;
}

namespace {

void put(Bytes& report, std::size_t offset, std::uint64_t number, std::size_t size)
{
    for (std::size_t i = 0; i < size; ++i)
        report[offset + i] = static_cast<std::uint8_t>(number >> (8 * i));
}

void fill(Bytes& report, std::size_t offset, std::size_t size, std::uint8_t seed)
{
    for (std::size_t i = 0; i < size; ++i)
        report[offset + i] = static_cast<std::uint8_t>(seed + 3 * i);
}

template <class Array>
void copyTo(Bytes& report, std::size_t offset, const Array& bytes)
{
    std::copy(bytes.begin(), bytes.end(), report.begin() + static_cast<std::ptrdiff_t>(offset));
}

} // namespace

Bytes makeReport(const ReportTerms& terms, const Key& key)
{
    Bytes report(sev_snp::kReportSize);
    const auto tcb = terms.tcb.encode(terms.line);
    put(report, 0x000, terms.version, 4);
    put(report, 0x004, 7, 4);
    put(report, 0x008, terms.policy, 8);
    put(report, 0x034, 1, 4);
    put(report, 0x040, 0x25, 8);
    put(report, 0x048, terms.keyInfo, 4);
    fill(report, 0x050, 64, 0x11);
    fill(report, 0x090, 48, 0x22);
    fill(report, 0x0c0, 32, 0x33);
    fill(report, 0x140, 32, 0x44);
    std::fill_n(report.begin() + 0x160, 32, std::uint8_t{0xff});
    for (const std::size_t at : {0x038u, 0x180u, 0x1e0u, 0x1f0u})
        copyTo(report, at, tcb);
    if (terms.version >= 3) {
        const std::array<std::uint8_t, 3> cpuid =
            terms.line == ProductLine::Turin   ? std::array<std::uint8_t, 3>{0x1a, 0x02, 1}
            : terms.line == ProductLine::Genoa ? std::array<std::uint8_t, 3>{0x19, 0x11, 1}
                                               : std::array<std::uint8_t, 3>{0x19, 0x01, 1};
        copyTo(report, 0x188, cpuid);
    }
    copyTo(report, 0x1a0, terms.chip);
    for (const std::size_t at : {0x1e8u, 0x1ecu})
        copyTo(report, at, std::array<std::uint8_t, 3>{29, 55, 1});
    if (terms.change)
        terms.change(report);
    signReport(report, key);
    return report;
}

void signReport(Bytes& report, const Key& key)
{
    constexpr std::size_t kNumber = 72; // of little endian bytes for R and S each
    const Bytes signature = signBytes(kit::ByteView(report).first(sev_snp::kSignedSize), key, kNumber);
    std::fill(report.begin() + sev_snp::kSignedSize, report.end(), std::uint8_t{0});
    const auto r = report.begin() + sev_snp::kSignedSize;
    std::reverse_copy(signature.begin(), signature.begin() + kNumber, r);
    std::reverse_copy(signature.begin() + kNumber, signature.end(), r + kNumber);
}

} // namespace teehost::snp_factory
