// SPDX-License-Identifier: Apache-2.0
#include "report/evidence.h"

#include <string>

#include <teehost/kit/reader.h>
#include <teehost/kit/x509.h>

#include "input_error.h"
#include "report/cert_table.h"
#include "report/report.h"

namespace teehost::sev_snp {
namespace {

// struct msg_report_resp of the guest driver (Linux, include/uapi/linux/sev-guest.h; 56860, table
// "MSG_REPORT_RSP"). The ioctl's buffer has 4000 bytes; what the report leaves of it is zeros.
constexpr std::size_t kAnswerHeader = 32;
// Header of the report that Azure's paravisor keeps in a vTPM's NV index; an area for the TEE's report
// follows it, and behind that the paravisor's request: size, version, and the kind of report (Microsoft,
// "Guest attestation for confidential VMs"; OpenHCL, IGVM_ATTEST).
constexpr std::string_view kHclMagic = "HCLA";
constexpr std::size_t kHclHeader = 32, kHclKindAt = kHclHeader + kReportSize + 8;
constexpr std::uint32_t kHclVbs = 3, kHclSnp = 2, kHclTdx = 4;
constexpr std::uint8_t kTdReportType = 0x81; // REPORTTYPE.TYPE of a TDREPORT (Intel 344425, section 3.6.5)

/// Returns what follows the header of the guest driver's answer, or all of another blob. At the zeros of the
/// header a report has its guest policy, in which one bit is always set.
kit::ByteView withoutAnswerHeader(kit::ByteView blob)
{
    if (blob.size() < kAnswerHeader + kReportSize)
        return blob;
    kit::Reader in(blob, "answer of the guest driver");
    const std::uint32_t status = in.u32(), size = in.u32();
    if (!kit::isZero(in.bytes(kAnswerHeader - in.offset())) || (status == 0 && size == 0))
        return blob;
    if (status != 0)
        throw InputError("answer_status",
                         "the guest driver's answer holds no report: the SEV firmware refused "
                         "the request with status " +
                             kit::hexNumber(status));
    if (size != kReportSize)
        throw InputError("size", "the guest driver's answer says that its report has " +
                                     std::to_string(size) + " bytes; reports have 1184");
    return in.rest();
}

bool isHcl(kit::ByteView blob) { return kit::textOf(blob).starts_with(kHclMagic); }

/// The report inside Azure's, which has the same header for every kind of VM.
kit::ByteView reportInHcl(kit::ByteView blob)
{
    if (blob.size() < kHclHeader + kReportSize)
        throw InputError("size", "Azure's report (HCLA) has at least " +
                                     std::to_string(kHclHeader + kReportSize) + " bytes, this has " +
                                     std::to_string(blob.size()));
    std::uint32_t kind = kHclSnp; // as far as only the report was kept
    if (blob.size() >= kHclKindAt + sizeof kind)
        kind = kit::Reader(blob.subspan(kHclKindAt), "Azure's report").u32();
    if (kind == kHclTdx || blob[kHclHeader] == kTdReportType)
        throw InputError("hcl_tdx", "this is Azure's report of a TDX VM: a TDREPORT, which only its own "
                                    "platform can check; hand over the quote that was made of it");
    if (kind != kHclSnp)
        throw InputError("hcl_kind", "this is Azure's report of a VM of kind " + std::to_string(kind) +
                                         (kind == kHclVbs ? ", one without a TEE" : "") +
                                         "; that of an SEV-SNP VM has kind 2");
    return blob.subspan(kHclHeader, kReportSize);
}

std::vector<kit::ByteView> certificatesIn(kit::ByteView rest)
{
    // Buffers are written whole: zeros are no certificates, of whatever number.
    if (kit::isZero(rest))
        return {};
    if (kit::looksLikeX509(rest)) // a chain that was put behind the report
        return {rest};
    std::vector<kit::ByteView> out;
    for (const TableEntry& entry : readCertTable(rest))
        if (holdsX509(entry))
            out.push_back(entry.data);
    return out;
}

} // namespace

Evidence readEvidence(kit::ByteView blob)
{
    if (isHcl(blob)) // what follows the report is the paravisor's, and vouched for by the report's data only
        return {reportInHcl(blob), {}};
    blob = withoutAnswerHeader(blob);
    if (blob.size() < kReportSize)
        throw InputError("size",
                         "an attestation report has 1184 bytes, this has " + std::to_string(blob.size()));
    try {
        return {blob.first(kReportSize), certificatesIn(blob.subspan(kReportSize))};
    } catch (const InputError& e) {
        throw InputError("size", "an attestation report has 1184 bytes, this has " +
                                     std::to_string(blob.size()) +
                                     ", and what follows is neither zeros nor certificates nor a certificate "
                                     "table: " +
                                     e.what());
    }
}

int looksLikeEvidence(kit::ByteView blob) noexcept
{
    try {
        const Report report = Report::parse(readEvidence(blob).report);
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
