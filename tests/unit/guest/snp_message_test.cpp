// SPDX-License-Identifier: Apache-2.0
//
// A report of SEV-SNP survives the way into a message and, by the plugin that verifies it, out of it again.
#include <cppunit/extensions/HelperMacros.h>

#include "evidence/evidence.h"
#include "guest/agent/attest/no_evidence.h"
#include "guest/agent/attest/snp_message.h"
#include "snp_factory/hierarchy.h"

namespace teehost::guest {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kReportSize = 0x4a0, kStepping = 0x18a;
/// SEV-SNP Firmware ABI, table "ATTESTATION_REPORT": first and behind the last.
constexpr std::pair<std::size_t, std::size_t> kReserved[] = {
    {0x04c, 0x050}, {0x18b, 0x1a0}, {0x1eb, 0x1ec}, {0x1ef, 0x1f0}, {0x208, 0x2a0}};

/// Something else in every byte that is not reserved.
std::string report()
{
    std::string out(kReportSize, '\0');
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<char>(1 + i % 255);
    for (const auto& [first, end] : kReserved)
        std::fill(out.begin() + static_cast<std::ptrdiff_t>(first),
                  out.begin() + static_cast<std::ptrdiff_t>(end), '\0');
    out[kStepping] = 1;
    return out;
}

std::string littleEndian(std::size_t number)
{
    std::string out;
    for (int i = 0; i < 4; ++i)
        out += static_cast<char>(number >> 8 * i);
    return out;
}

struct Entry {
    std::string guid;
    std::string certificate;
};

std::string table(const std::vector<Entry>& entries)
{
    std::string head, data;
    const std::size_t start = 24 * (entries.size() + 1);
    for (const auto& [guid, certificate] : entries) {
        head += guid + littleEndian(start + data.size()) + littleEndian(certificate.size());
        data += certificate;
    }
    return head + std::string(24, '\0') + data;
}

const std::string kVcek("\x63\xda\x75\x8d\xe6\x64\x45\x64\xad\xc5\xf4\xb9\x3b\xe8\xac\xcd", 16);
const std::string kVlek("\xa8\x07\x4b\xc2\xa2\x5a\x48\x3e\xaa\xe6\x39\xc0\x45\xa0\xb8\xa1", 16);
const std::string kAsk("\x4a\xb7\xb3\x79\xbb\xac\x4f\xe4\xa0\x2f\x05\xae\xf3\x27\xc7\x82", 16);
const std::string kArk("\xc0\xb4\x06\xa4\xa8\x03\x49\x52\x97\x43\x3f\xb6\x01\x4c\xd0\xae", 16);

class SnpMessageTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SnpMessageTest);
    CPPUNIT_TEST(keepsEveryByteOfAReport);
    CPPUNIT_TEST(keepsTheProcessorOfAnyFamily);
    CPPUNIT_TEST(keepsTheCertificates);
    CPPUNIT_TEST(refusesAReportItCannotCarry);
    CPPUNIT_TEST(refusesATableThatIsNone);
    CPPUNIT_TEST_SUITE_END();

    static void assertKept(const std::string& given)
    {
        const std::string message = snpMessage(given, {}).SerializeAsString();
        const Bytes bytes(message.begin(), message.end());
        const auto read = vtpm::readSnpAttestation(bytes);
        CPPUNIT_ASSERT(std::string(read.report.begin(), read.report.end()) == given);
        CPPUNIT_ASSERT(read.certificates.empty());
    }

    void keepsEveryByteOfAReport()
    {
        assertKept(report());
        std::string bare(kReportSize, '\0');
        bare[0] = 2; // a report has a version
        assertKept(bare);
    }

    void keepsTheProcessorOfAnyFamily()
    {
        for (const int family : {0, 6, 0xf, 0x10, 0x19, 0x1a, 0xff})
            for (const int model : {0, 1, 0x11, 0xff}) {
                std::string given = report();
                given[0x188] = static_cast<char>(family);
                given[0x189] = static_cast<char>(model);
                assertKept(given);
            }
        // EPYC 9654 (Genoa): family 0x19, model 0x11, stepping 1.
        std::string genoa = report();
        genoa[0x188] = 0x19;
        genoa[0x189] = 0x11;
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{0x00a10f11}, snpMessage(genoa, {}).report().cpuid1eax_fms());
    }

    void keepsTheCertificates()
    {
        const std::string other(16, '\x5b');
        const auto chain =
            snpMessage(
                report(),
                table({{kArk, "root"}, {kAsk, "signer"}, {kVcek, "chip"}, {kVlek, "loaded"}, {other, "?"}}))
                .certificate_chain();
        CPPUNIT_ASSERT_EQUAL(std::string("chip"), chain.vcek_cert());
        CPPUNIT_ASSERT_EQUAL(std::string("loaded"), chain.vlek_cert());
        CPPUNIT_ASSERT_EQUAL(std::string("signer"), chain.ask_cert());
        CPPUNIT_ASSERT_EQUAL(std::string("root"), chain.ark_cert());
        CPPUNIT_ASSERT_EQUAL(std::string("?"), chain.extras().at("5b5b5b5b-5b5b-5b5b-5b5b-5b5b5b5b5b5b"));
        // Whoever verifies it takes certificates only.
        const snp_factory::Hierarchy hierarchy(sev_snp::ProductLine::Milan);
        const auto textOf = [](const kit::Certificate& one) {
            const auto der = one.der();
            return std::string(der.begin(), der.end());
        };
        const std::string message = snpMessage(report(), table({{kVcek, "no certificate"},
                                                                {kAsk, textOf(hierarchy.ask)},
                                                                {kArk, textOf(hierarchy.ark)}}))
                                        .SerializeAsString();
        const Bytes bytes(message.begin(), message.end());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, vtpm::readSnpAttestation(bytes).certificates.size());
        CPPUNIT_ASSERT(snpMessage(report(), std::string(4096, '\0')).certificate_chain().vcek_cert().empty());
    }

    void refusesAReportItCannotCarry()
    {
        for (const std::size_t size : {std::size_t{0}, kReportSize - 1, kReportSize + 1})
            CPPUNIT_ASSERT_THROW(static_cast<void>(snpMessage(std::string(size, '\0'), {})), NoEvidence);
        for (const auto& [first, end] : kReserved)
            for (const std::size_t at : {first, end - 1}) {
                std::string given = report();
                given[at] = 1;
                CPPUNIT_ASSERT_THROW(static_cast<void>(snpMessage(given, {})), NoEvidence);
            }
        std::string given = report();
        given[kStepping] = 0x10;
        CPPUNIT_ASSERT_THROW(static_cast<void>(snpMessage(given, {})), NoEvidence);
        given = report();
        given.replace(0, 4, 4, '\0'); // the version
        CPPUNIT_ASSERT_THROW(static_cast<void>(snpMessage(given, {})), NoEvidence);
    }

    void refusesATableThatIsNone()
    {
        const std::string good = table({{kVcek, "chip"}});
        for (std::size_t size = 1; size < good.size(); ++size)
            CPPUNIT_ASSERT_THROW(static_cast<void>(snpMessage(report(), good.substr(0, size))), NoEvidence);
        const std::string bad[] = {kVcek + littleEndian(0xffffffff) + littleEndian(1) + std::string(24, '\0'),
                                   kVcek + littleEndian(1) + littleEndian(0xffffffff) + std::string(24, '\0'),
                                   std::string(24 * 65, '\x01')};
        for (const auto& one : bad)
            CPPUNIT_ASSERT_THROW(static_cast<void>(snpMessage(report(), one)), NoEvidence);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SnpMessageTest);

} // namespace
} // namespace teehost::guest
