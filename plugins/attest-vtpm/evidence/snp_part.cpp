// SPDX-License-Identifier: Apache-2.0
//
// sevsnp.Attestation (github.com/google/go-sev-guest, proto/sevsnp.proto) back into the bytes that the
// firmware signed (SEV-SNP Firmware ABI, table "ATTESTATION_REPORT").
#include <array>
#include <utility>

#include <teehost/kit/input_error.h>
#include <teehost/kit/protobuf.h>
#include <teehost/kit/x509.h>

#include "evidence/evidence.h"

namespace teehost::vtpm {
namespace {

constexpr std::size_t kReportSize = 0x4A0;
constexpr std::size_t kMostCertificates = 8; // four are known

struct ReportField {
    std::uint32_t number; ///< in the message
    std::size_t offset;   ///< in the report
    std::size_t size;
    bool isNumber; ///< little endian in the report
};
// What is reserved stays zero.
constexpr std::array kFields{
    ReportField{1, 0x000, 4, true},       // VERSION
    ReportField{2, 0x004, 4, true},       // GUEST_SVN
    ReportField{3, 0x008, 8, true},       // POLICY
    ReportField{4, 0x010, 16, false},     // FAMILY_ID
    ReportField{5, 0x020, 16, false},     // IMAGE_ID
    ReportField{6, 0x030, 4, true},       // VMPL
    ReportField{7, 0x034, 4, true},       // SIGNATURE_ALGO
    ReportField{8, 0x038, 8, true},       // CURRENT_TCB
    ReportField{9, 0x040, 8, true},       // PLATFORM_INFO
    ReportField{10, 0x048, 4, true},      // KEY_INFO
    ReportField{11, 0x050, 64, false},    // REPORT_DATA
    ReportField{12, 0x090, 48, false},    // MEASUREMENT
    ReportField{13, 0x0C0, 32, false},    // HOST_DATA
    ReportField{14, 0x0E0, 48, false},    // ID_KEY_DIGEST
    ReportField{15, 0x110, 48, false},    // AUTHOR_KEY_DIGEST
    ReportField{16, 0x140, 32, false},    // REPORT_ID
    ReportField{17, 0x160, 32, false},    // REPORT_ID_MA
    ReportField{18, 0x180, 8, true},      // REPORTED_TCB
    ReportField{19, 0x1A0, 64, false},    // CHIP_ID
    ReportField{20, 0x1E0, 8, true},      // COMMITTED_TCB
    ReportField{21, 0x1E8, 1, true},      // CURRENT_BUILD
    ReportField{22, 0x1E9, 1, true},      // CURRENT_MINOR
    ReportField{23, 0x1EA, 1, true},      // CURRENT_MAJOR
    ReportField{24, 0x1EC, 1, true},      // COMMITTED_BUILD
    ReportField{25, 0x1ED, 1, true},      // COMMITTED_MINOR
    ReportField{26, 0x1EE, 1, true},      // COMMITTED_MAJOR
    ReportField{27, 0x1F0, 8, true},      // LAUNCH_TCB
    ReportField{28, 0x2A0, 0x200, false}, // SIGNATURE
    ReportField{30, 0x1F8, 8, true},      // LAUNCH_MIT_VECTOR
    ReportField{31, 0x200, 8, true},      // CURRENT_MIT_VECTOR
};
constexpr std::uint32_t kCpuidField = 29;
constexpr std::size_t kCpuidOffset = 0x188;

[[noreturn]] void refuse(std::uint32_t number)
{
    throw kit::InputError("malformed", "SEV-SNP report: field " + std::to_string(number) +
                                           " is not what a report has there");
}

void putNumber(std::span<std::uint8_t> to, std::uint64_t value)
{
    for (std::uint8_t& byte : to) {
        byte = static_cast<std::uint8_t>(value);
        value >>= 8;
    }
}

/// CPUID(1).EAX has family, model and stepping as the CPU has them; the report has each summed up in a byte.
void putCpuid(std::span<std::uint8_t> to, std::uint32_t eax)
{
    const std::uint32_t family = (eax >> 8 & 0xF) + (eax >> 20 & 0xFF);
    const std::uint32_t model = (eax >> 4 & 0xF) | (eax >> 12 & 0xF0);
    to[0] = static_cast<std::uint8_t>(family);
    to[1] = static_cast<std::uint8_t>(model);
    to[2] = static_cast<std::uint8_t>(eax & 0xF);
}

kit::Bytes readReport(kit::ByteView message)
{
    kit::Bytes report(kReportSize);
    std::uint64_t seen = 0;
    kit::ProtobufReader in(message, "SEV-SNP report");
    while (const auto field = in.next()) {
        if (field->number >= 64)
            continue;
        if ((std::exchange(seen, seen | std::uint64_t{1} << field->number) >> field->number & 1) != 0)
            refuse(field->number);
        if (field->number == kCpuidField)
            putCpuid(std::span(report).subspan(kCpuidOffset, 3),
                     static_cast<std::uint32_t>(field->integer(UINT32_MAX)));
        for (const ReportField& one : kFields) {
            if (one.number != field->number)
                continue;
            const auto to = std::span(report).subspan(one.offset, one.size);
            if (one.isNumber)
                putNumber(to, field->integer(UINT64_MAX >> (64 - 8 * one.size)));
            else if (field->bytes().size() != one.size)
                refuse(one.number);
            else
                std::copy(field->bytes().begin(), field->bytes().end(), to.begin());
        }
    }
    constexpr std::uint64_t kMust = 1u << 1 | 1u << 11 | 1u << 12 | 1u << 28; // without these it is no report
    if ((seen & kMust) != kMust)
        throw kit::InputError("malformed", "SEV-SNP report: version, data, measurement or signature missing");
    return report;
}

/// A guest's CRL may be as old as suits it, and what cannot be read helps nobody.
bool isCertificate(kit::ByteView bytes)
{
    try {
        return kit::readX509(bytes).crls.empty();
    } catch (const kit::CryptoError&) {
        return false;
    }
}

} // namespace

SnpPart readSnpAttestation(kit::ByteView message)
{
    return kit::withReason("malformed", [&] {
        SnpPart out;
        kit::ProtobufReader in(message, "SEV-SNP attestation");
        while (const auto field = in.next()) {
            if (field->number == 1) {
                if (!out.report.empty())
                    refuse(1);
                out.report = readReport(field->bytes());
            } else if (field->number == 2) {
                kit::ProtobufReader chain(field->bytes(), "certificate chain");
                while (const auto certificate = chain.next())
                    if (const auto n = certificate->number; // VCEK, ASK, ARK, VLEK
                        (n <= 3 || n == 6) && out.certificates.size() < kMostCertificates &&
                        isCertificate(certificate->bytes()))
                        out.certificates.push_back(certificate->bytes());
            }
        }
        if (out.report.empty())
            throw kit::InputError("malformed", "SEV-SNP attestation: no report");
        return out;
    });
}

} // namespace teehost::vtpm
