// SPDX-License-Identifier: Apache-2.0
#include "report/evidence.h"

#include <string>

#include <teehost/kit/reader.h>

#include "input_error.h"
#include "report/cert_table.h"
#include "report/report.h"

namespace teehost::sev_snp {
namespace {

// struct msg_report_resp of the guest driver (Linux, include/uapi/linux/sev-guest.h; 56860, table
// "MSG_REPORT_RSP").
constexpr std::size_t kAnswerHeader = 32;
// Header of the report that Azure's paravisor keeps in a vTPM's NV index; the TEE's report follows it.
constexpr std::string_view kHclMagic = "HCLA";
constexpr std::size_t kHclHeader = 32;

bool isAnswerHeader(kit::ByteView blob)
{
    if (blob.size() < kAnswerHeader + kReportSize)
        return false;
    kit::Reader in(blob, "report");
    const std::uint32_t status = in.u32(), size = in.u32();
    return status == 0 && size == kReportSize && kit::isZero(in.bytes(24));
}

bool isHcl(kit::ByteView blob)
{
    return blob.size() >= kHclHeader + kReportSize && kit::textOf(blob).starts_with(kHclMagic);
}

std::vector<kit::ByteView> certificatesIn(kit::ByteView table)
{
    // A hypervisor without certificates hands out its buffer, whole pages, as it is. Other zeros are no
    // table.
    constexpr std::size_t kPage = 4096;
    if (kit::isZero(table) && table.size() % kPage != 0)
        throw InputError("size", std::to_string(table.size()) + " bytes of zeros");
    std::vector<kit::ByteView> out;
    for (const TableEntry& entry : readCertTable(table))
        if (holdsX509(entry))
            out.push_back(entry.data);
    return out;
}

} // namespace

Evidence readEvidence(kit::ByteView blob)
{
    if (isHcl(blob)) // what follows is the paravisor's, and vouched for by the report's data only
        return {blob.subspan(kHclHeader, kReportSize), {}};
    if (isAnswerHeader(blob))
        blob = blob.subspan(kAnswerHeader);
    if (blob.size() < kReportSize)
        throw InputError("size",
                         "an attestation report has 1184 bytes, this has " + std::to_string(blob.size()));
    try {
        return {blob.first(kReportSize), certificatesIn(blob.subspan(kReportSize))};
    } catch (const InputError& e) {
        throw InputError("size", "an attestation report has 1184 bytes, this has " +
                                     std::to_string(blob.size()) +
                                     ", and what follows is no certificate table: " + e.what());
    }
}

int looksLikeEvidence(kit::ByteView blob) noexcept
{
    try {
        const Report report = Report::parse(readEvidence(blob).report);
        if (isHcl(blob))
            return 90;
        const auto faults = formFaults(report);
        if (faults.empty())
            return 95;
        if (faults.front().reason != "version")
            return 60;
        return formFaults(report, /*allow_newer_version=*/true).empty() ? 50 : 5;
    } catch (...) {
        return 0;
    }
}

} // namespace teehost::sev_snp
