// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/attest/snp_message.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "guest/agent/attest/no_evidence.h"

namespace teehost::guest {
namespace {

using attest::SnpReport;

constexpr std::size_t kReportSize = 0x4a0, kGuidSize = 16, kMostCertificates = 64;

struct Number32 {
    void (SnpReport::*set)(std::uint32_t);
    std::size_t offset, size;
};
constexpr std::array kNumbers32{
    Number32{&SnpReport::set_version, 0x000, 4},
    Number32{&SnpReport::set_guest_svn, 0x004, 4},
    Number32{&SnpReport::set_vmpl, 0x030, 4},
    Number32{&SnpReport::set_signature_algo, 0x034, 4},
    Number32{&SnpReport::set_signer_info, 0x048, 4},
    Number32{&SnpReport::set_current_build, 0x1e8, 1},
    Number32{&SnpReport::set_current_minor, 0x1e9, 1},
    Number32{&SnpReport::set_current_major, 0x1ea, 1},
    Number32{&SnpReport::set_committed_build, 0x1ec, 1},
    Number32{&SnpReport::set_committed_minor, 0x1ed, 1},
    Number32{&SnpReport::set_committed_major, 0x1ee, 1},
};

struct Number64 {
    void (SnpReport::*set)(std::uint64_t);
    std::size_t offset;
};
constexpr std::array kNumbers64{
    Number64{&SnpReport::set_policy, 0x008},
    Number64{&SnpReport::set_current_tcb, 0x038},
    Number64{&SnpReport::set_platform_info, 0x040},
    Number64{&SnpReport::set_reported_tcb, 0x180},
    Number64{&SnpReport::set_committed_tcb, 0x1e0},
    Number64{&SnpReport::set_launch_tcb, 0x1f0},
    Number64{&SnpReport::set_launch_mit_vector, 0x1f8},
    Number64{&SnpReport::set_current_mit_vector, 0x200},
};

struct Octets {
    std::string* (SnpReport::*mutate)();
    std::size_t offset, size;
};
constexpr std::array kOctets{
    Octets{&SnpReport::mutable_family_id, 0x010, 16},
    Octets{&SnpReport::mutable_image_id, 0x020, 16},
    Octets{&SnpReport::mutable_report_data, 0x050, 64},
    Octets{&SnpReport::mutable_measurement, 0x090, 48},
    Octets{&SnpReport::mutable_host_data, 0x0c0, 32},
    Octets{&SnpReport::mutable_id_key_digest, 0x0e0, 48},
    Octets{&SnpReport::mutable_author_key_digest, 0x110, 48},
    Octets{&SnpReport::mutable_report_id, 0x140, 32},
    Octets{&SnpReport::mutable_report_id_ma, 0x160, 32},
    Octets{&SnpReport::mutable_chip_id, 0x1a0, 64},
    Octets{&SnpReport::mutable_signature, 0x2a0, 0x200},
};

/// A report of which each part is taken once; what nobody took stays.
class ReportBytes {
public:
    explicit ReportBytes(std::string_view report) : rest_(report) {}

    std::string octets(std::size_t offset, std::size_t size)
    {
        std::string out = rest_.substr(offset, size);
        std::fill_n(rest_.begin() + static_cast<std::ptrdiff_t>(offset), size, '\0');
        return out;
    }
    std::uint64_t number(std::size_t offset, std::size_t size)
    {
        const std::string bytes = octets(offset, size);
        std::uint64_t out = 0;
        for (std::size_t i = size; i > 0; --i)
            out = out << 8 | static_cast<unsigned char>(bytes[i - 1]);
        return out;
    }
    [[nodiscard]] bool isEmpty() const { return rest_.find_first_not_of('\0') == std::string::npos; }

private:
    std::string rest_;
};

/// The report has family, model and stepping in a byte each; CPUID(1).EAX has families above 15 as a sum, and
/// the model in two halves.
std::uint32_t takeCpuid(ReportBytes& report)
{
    const auto take = [&](std::size_t offset) {
        return static_cast<std::uint32_t>(report.number(offset, 1));
    };
    const std::uint32_t family = take(0x188), model = take(0x189), stepping = take(0x18a);
    if (stepping > 0xf)
        throw NoEvidence("the SEV-SNP report has a stepping that CPUID cannot say");
    const std::uint32_t base = std::min(family, 0xfu);
    return (family - base) << 20 | (model >> 4) << 16 | base << 8 | (model & 0xf) << 4 | stepping;
}

SnpReport reportMessage(std::string_view bytes)
{
    if (bytes.size() != kReportSize)
        throw NoEvidence("a SEV-SNP report has 1184 bytes, this has " + std::to_string(bytes.size()));
    ReportBytes in(bytes);
    SnpReport out;
    for (const auto& field : kNumbers32)
        (out.*field.set)(static_cast<std::uint32_t>(in.number(field.offset, field.size)));
    for (const auto& field : kNumbers64)
        (out.*field.set)(in.number(field.offset, 8));
    for (const auto& field : kOctets)
        *(out.*field.mutate)() = in.octets(field.offset, field.size);
    out.set_cpuid1eax_fms(takeCpuid(in));
    if (out.version() == 0) // a message has no zeros, and no reader takes a report without version
        throw NoEvidence("the SEV-SNP report has no version");
    if (!in.isEmpty())
        throw NoEvidence("the SEV-SNP report of version " + std::to_string(out.version()) +
                         " has more in it than the message for it can carry");
    return out;
}

std::uint32_t number32(std::string_view table, std::size_t at)
{
    std::uint32_t out = 0;
    for (std::size_t i = 4; i > 0; --i)
        out = out << 8 | static_cast<unsigned char>(table[at + i - 1]);
    return out;
}

/// In the order of its bytes, as these GUIDs are printed.
std::string guidText(std::string_view guid)
{
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < guid.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out += '-';
        out += kDigits[static_cast<unsigned char>(guid[i]) >> 4];
        out += kDigits[static_cast<unsigned char>(guid[i]) & 15];
    }
    return out;
}

std::string& placeOf(const std::string& guid, attest::SnpCertificates& chain)
{
    if (guid == "63da758d-e664-4564-adc5-f4b93be8accd")
        return *chain.mutable_vcek_cert();
    if (guid == "a8074bc2-a25a-483e-aae6-39c045a0b8a1")
        return *chain.mutable_vlek_cert();
    if (guid == "4ab7b379-bbac-4fe4-a02f-05aef327c782")
        return *chain.mutable_ask_cert();
    if (guid == "c0b406a4-a803-4952-9743-3fb6014cd0ae")
        return *chain.mutable_ark_cert();
    return (*chain.mutable_extras())[guid];
}

attest::SnpCertificates certificates(std::string_view table)
{
    constexpr std::size_t kEntrySize = kGuidSize + 8;
    attest::SnpCertificates out;
    if (table.find_first_not_of('\0') == std::string_view::npos)
        return out;
    for (std::size_t i = 0; i < kMostCertificates && (i + 1) * kEntrySize <= table.size(); ++i) {
        const auto entry = table.substr(i * kEntrySize, kEntrySize);
        if (entry.find_first_not_of('\0') == std::string_view::npos)
            return out;
        const std::size_t offset = number32(entry, kGuidSize), size = number32(entry, kGuidSize + 4);
        if (offset > table.size() || size > table.size() - offset)
            throw NoEvidence("the hypervisor's certificate table points outside of itself");
        placeOf(guidText(entry.substr(0, kGuidSize)), out) = table.substr(offset, size);
    }
    throw NoEvidence("the hypervisor's certificate table has no end");
}

} // namespace

attest::SnpAttestation snpMessage(std::string_view report, std::string_view certificateTable)
{
    attest::SnpAttestation out;
    *out.mutable_report() = reportMessage(report);
    *out.mutable_certificate_chain() = certificates(certificateTable);
    return out;
}

} // namespace teehost::guest
