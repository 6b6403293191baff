// SPDX-License-Identifier: Apache-2.0
//
// A report of SEV-SNP and the hypervisor's certificates on their way into a message: refused, or the verifier
// reads the very report out of it. Input: the report, the certificate table.
#include <algorithm>

#include "evidence/evidence.h"
#include "guest/agent/attest/no_evidence.h"
#include "guest/agent/attest/snp_message.h"
#include "tests/fuzz/property.h"

using namespace teehost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    constexpr std::size_t kReportSize = 0x4a0;
    const std::string_view bytes = fuzz::asText(data, size);
    const auto report = bytes.substr(0, kReportSize), table = bytes.substr(report.size());
    std::string message;
    try {
        message = guest::snpMessage(report, table).SerializeAsString();
    } catch (const guest::NoEvidence&) {
        return 0;
    }
    const std::vector<std::uint8_t> written(message.begin(), message.end());
    const auto read = vtpm::readSnpAttestation(written);
    fuzz::require(std::equal(read.report.begin(), read.report.end(), data, data + kReportSize),
                  "the report is read as it was written");
    fuzz::require(read.certificates.size() <= 4, "there is one certificate of a kind");
    for (const auto certificate : read.certificates)
        fuzz::require(table.find(std::string_view(reinterpret_cast<const char*>(certificate.data()),
                                                  certificate.size())) != std::string_view::npos,
                      "a certificate is in the table");
    return 0;
}
