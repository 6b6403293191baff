// SPDX-License-Identifier: Apache-2.0
//
// Reports: those that are genuine are accepted, and no bit of one can be changed without the check noticing
// whose it is.
#include <set>

#include "input_error.h"
#include "report/kds.h"
#include "sev_snp_report/scene.h"

namespace teehost::sev_snp::test {
namespace {

using Reasons = std::set<std::string>;

/// Why a flip of that bit of a Milan report of version 3 may be refused: the first check that stumbles.
Reasons expectedReasons(std::size_t offset, unsigned bit)
{
    const auto within = [offset](std::size_t from, std::size_t size) {
        return offset >= from && offset < from + size;
    };
    if (within(0x000, 4)) // version 2 has no CPUID bytes
        return bit == 0 && offset == 0 ? Reasons{"reserved_nonzero"} : Reasons{"version"};
    if (within(0x008, 8)) {
        const std::size_t policyBit = 8 * (offset - 0x008) + bit;
        return policyBit == 17 || policyBit >= 26 ? Reasons{"policy_reserved"} : Reasons{"signature"};
    }
    if (within(0x034, 4))
        return {"signature_algo"};
    if (within(0x048, 4)) {
        const std::size_t infoBit = 8 * (offset - 0x048) + bit;
        if (infoBit >= 5)
            return {"key_info_reserved"};
        if (infoBit < 2)
            return {"signature"};
        return infoBit == 2 ? Reasons{"signer_kind"} : Reasons{"signing_key"};
    }
    if (within(0x04c, 4) || within(0x18b, 21) || within(0x1eb, 1) || within(0x1ef, 1) ||
        within(0x1f8, 0xa8) || within(0x330, 0x170))
        return {"reserved_nonzero"};
    if (within(0x180, 8))
        return {"tcb_mismatch"};
    // An unknown chip is known not to have signed this, and no more; models 00 to 0f are all Milan.
    if (within(0x188, 2))
        return {"product_mismatch", "signature"};
    if (within(0x1a0, 64))
        return {"hwid_mismatch"};
    return {"signature"};
}

class ReportTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ReportTest);
    CPPUNIT_TEST(acceptsGenuineReports);
    CPPUNIT_TEST(acceptsAVlek);
    CPPUNIT_TEST(acceptsAMaskedChip);
    CPPUNIT_TEST(refusesEveryFlippedBit);
    CPPUNIT_TEST(refusesEveryComponentOfTheTcb);
    CPPUNIT_TEST(refusesWhatIsNotWellFormed);
    CPPUNIT_TEST(refusesAnotherSize);
    CPPUNIT_TEST(refusesSignaturesThatAreNone);
    CPPUNIT_TEST(warnsOfTcbsThatContradictEachOther);
    CPPUNIT_TEST(readsNewerVersionsWhenAllowed);
    CPPUNIT_TEST(knowsWhereCertificatesAre);
    CPPUNIT_TEST_SUITE_END();

    void acceptsGenuineReports()
    {
        struct Row {
            ProductLine line;
            std::uint32_t version;
        };
        for (const Row& row :
             {Row{ProductLine::Milan, 2}, Row{ProductLine::Milan, 3}, Row{ProductLine::Milan, 4},
              Row{ProductLine::Milan, 5}, Row{ProductLine::Genoa, 2}, Row{ProductLine::Genoa, 3},
              Row{ProductLine::Genoa, 5}, Row{ProductLine::Turin, 3}, Row{ProductLine::Turin, 5}}) {
            Scene scene(row.line);
            scene.reportTerms.version = row.version;
            CPPUNIT_ASSERT_EQUAL(std::string(), scene.verify());
        }
    }

    void acceptsAVlek()
    {
        Scene scene;
        scene.useVlek();
        scene.reportTerms.chip = {};
        CPPUNIT_ASSERT_EQUAL(std::string(), scene.verify());
    }

    void acceptsAMaskedChip()
    {
        Scene scene;
        scene.reportTerms.chip = {};
        CPPUNIT_ASSERT_EQUAL(std::string(), scene.verify());
    }

    void refusesEveryFlippedBit()
    {
        const Scene scene;
        const ChainFacts facts = scene.facts();
        Bytes report = scene.report();
        for (std::size_t offset = 0; offset < report.size(); ++offset)
            for (unsigned bit = 0; bit < 8; ++bit) {
                report[offset] ^= static_cast<std::uint8_t>(1u << bit);
                const std::string reason = scene.verify(report, facts);
                report[offset] ^= static_cast<std::uint8_t>(1u << bit);
                const std::string where =
                    "bit " + std::to_string(bit) + " of " + kit::hexNumber(offset) + ": \"" + reason + "\"";
                CPPUNIT_ASSERT_MESSAGE(where, expectedReasons(offset, bit).contains(reason));
            }
        CPPUNIT_ASSERT_EQUAL(std::string(), scene.verify(report, facts));
    }

    void refusesEveryComponentOfTheTcb()
    {
        for (const ProductLine line : {ProductLine::Milan, ProductLine::Turin}) {
            for (const auto component :
                 {&Tcb::fmc, &Tcb::bootLoader, &Tcb::tee, &Tcb::snp, &Tcb::microcode}) {
                if (component == &Tcb::fmc && line == ProductLine::Milan)
                    continue;
                for (const int step : {-1, 1}) {
                    Scene scene(line);
                    auto other = scene.reportTerms.tcb;
                    other.*component = static_cast<std::uint8_t>(other.*component + step);
                    scene.vekTerms = scene.hierarchy().vcekTerms(other, scene.reportTerms.chip);
                    CPPUNIT_ASSERT_EQUAL(std::string("tcb_mismatch"), scene.verify());
                }
            }
        }
    }

    void refusesWhatIsNotWellFormed()
    {
        struct Row {
            std::size_t offset;
            std::uint8_t value;
            const char* reason;
        };
        // Signed as they are: only their form speaks against them.
        for (const Row& row :
             {Row{0x000, 1, "version"}, Row{0x000, 6, "version"}, Row{0x034, 2, "signature_algo"},
              Row{0x00a, 0x01, "policy_reserved"}, Row{0x00b, 0x04, "policy_reserved"},
              Row{0x049, 1, "key_info_reserved"}, Row{0x048, 0x1c, "signing_key"},
              Row{0x048, 0x08, "signing_key"}, Row{0x048, 0x04, "signer_kind"},
              Row{0x04c, 1, "reserved_nonzero"}, Row{0x18b, 1, "reserved_nonzero"},
              Row{0x1eb, 1, "reserved_nonzero"}, Row{0x1ff, 1, "reserved_nonzero"},
              Row{0x208, 1, "reserved_nonzero"}, Row{0x29f, 1, "reserved_nonzero"},
              Row{0x189, 0x11, "product_mismatch"}, Row{0x189, 0x50, "product_mismatch"}}) {
            Scene scene;
            scene.reportTerms.change = [&](Bytes& report) { report[row.offset] = row.value; };
            CPPUNIT_ASSERT_EQUAL(std::string(row.reason), scene.verify());
        }
        Scene turin(ProductLine::Turin); // which never had version 2
        turin.reportTerms.version = 2;
        CPPUNIT_ASSERT_EQUAL(std::string("product_mismatch"), turin.verify());
    }

    void refusesAnotherSize()
    {
        const Bytes report = Scene().report();
        for (const std::size_t size : {std::size_t{0}, kReportSize - 1, kReportSize + 1}) {
            Bytes other = report;
            other.resize(size);
            try {
                static_cast<void>(Report::parse(other));
                CPPUNIT_FAIL("a report of " + std::to_string(size) + " bytes was read");
            } catch (const InputError& e) {
                CPPUNIT_ASSERT_EQUAL(std::string_view("size"), e.reason());
            }
        }
    }

    void refusesSignaturesThatAreNone()
    {
        const Scene scene;
        const ChainFacts facts = scene.facts();
        const Bytes genuine = scene.report();
        const auto with = [&](auto&& change) {
            Bytes report = genuine;
            change(report);
            return scene.verify(report, facts);
        };
        const auto r = [](Bytes& b) { return b.begin() + 0x2a0; };
        const auto s = [](Bytes& b) { return b.begin() + 0x2e8; };
        const std::string signature = "signature";
        CPPUNIT_ASSERT_EQUAL(signature, with([&](Bytes& b) { std::fill_n(r(b), 72, std::uint8_t{0}); }));
        CPPUNIT_ASSERT_EQUAL(signature, with([&](Bytes& b) { std::fill_n(s(b), 72, std::uint8_t{0}); }));
        CPPUNIT_ASSERT_EQUAL(signature, with([&](Bytes& b) { std::fill_n(r(b), 48, std::uint8_t{0xff}); }));
        CPPUNIT_ASSERT_EQUAL(signature, with([&](Bytes& b) { std::swap_ranges(r(b), r(b) + 72, s(b)); }));
        CPPUNIT_ASSERT_EQUAL(signature, with([&](Bytes& b) { std::reverse(r(b), r(b) + 48); }));
        CPPUNIT_ASSERT_EQUAL(signature, with([&](Bytes& b) { r(b)[48] = 1; }));
        CPPUNIT_ASSERT_EQUAL(signature, scene.verify(makeReport(scene.reportTerms, makeEcKey()), facts));
    }

    /// A report that contradicts itself is genuine all the same: somebody should know.
    void warnsOfTcbsThatContradictEachOther()
    {
        struct Row {
            std::size_t changed; ///< of CURRENT_TCB or COMMITTED_TCB, the byte that counts SNP firmware
            int step;
            kit::Outcome outcome;
        };
        constexpr std::size_t kCurrent = 0x38 + 6, kCommitted = 0x1e0 + 6;
        for (const Row& row : {Row{kCurrent, 0, kit::Outcome::Pass}, Row{kCurrent, 1, kit::Outcome::Pass},
                               Row{kCurrent, -1, kit::Outcome::Warn}, Row{kCommitted, 1, kit::Outcome::Warn},
                               Row{kCommitted, -1, kit::Outcome::Pass}}) {
            Scene scene;
            scene.reportTerms.change = [&](Bytes& report) {
                for (const std::size_t at : {std::size_t{0x38}, std::size_t{0x1e0}}) // as they should be
                    std::copy_n(report.begin() + 0x180, 8, report.begin() + static_cast<std::ptrdiff_t>(at));
                report[row.changed] = static_cast<std::uint8_t>(report[row.changed] + row.step);
            };
            const ChainFacts facts = scene.facts();
            const std::vector<kit::Sha256Digest> roots{scene.hierarchy().ark.fingerprint()};
            const auto lines = verifyReport(Report::parse(scene.report()), &facts, {kNow, roots});
            const auto line = std::find_if(lines.begin(), lines.end(),
                                           [](const auto& one) { return one.id == check_id::kTcbOrder; });
            CPPUNIT_ASSERT(line != lines.end() && line->outcome == row.outcome);
            CPPUNIT_ASSERT(firstObjection(lines) == nullptr);
        }
    }

    void readsNewerVersionsWhenAllowed()
    {
        Scene scene;
        scene.reportTerms.version = 6;
        const ChainFacts facts = scene.facts();
        const Report report = Report::parse(scene.report());
        const std::vector<kit::Sha256Digest> roots{scene.hierarchy().ark.fingerprint()};
        VerifyTerms terms{kNow, roots};
        CPPUNIT_ASSERT_EQUAL(std::string("version"),
                             firstObjection(verifyReport(report, &facts, terms))->reason);
        terms.allowNewerVersion = true;
        CPPUNIT_ASSERT(firstObjection(verifyReport(report, &facts, terms)) == nullptr);
    }

    void knowsWhereCertificatesAre()
    {
        Scene scene(ProductLine::Turin);
        const Report report = Report::parse(scene.report());
        CPPUNIT_ASSERT_EQUAL(
            std::string("https://kds.example/vcek/v1/Turin/"
                        "040b121920272e35?fmcSPL=02&blSPL=01&teeSPL=00&snpSPL=03&ucodeSPL=200"),
            vcekUrl("https://kds.example", report, ProductLine::Turin));
        CPPUNIT_ASSERT_EQUAL(std::string("https://kds.example/vlek/v1/Genoa/crl"),
                             crlUrl("https://kds.example", EndorsementKind::Vlek, ProductLine::Genoa));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReportTest);

} // namespace
} // namespace teehost::sev_snp::test
