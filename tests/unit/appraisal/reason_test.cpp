// SPDX-License-Identifier: Apache-2.0
//
// Reasons are shown to people, logged and stored: words of plugins, agents and evidence get there escaped and
// short.
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/base/text.h"
#include "tests/unit/appraisal/judges.h"

namespace teehost::appraisal::test {
namespace {

constexpr std::size_t kShort = 4096;
const std::string kHostile = "\x1b]0;x\x07\r\nAttested\x7f\xc2\x9b";
const std::string kEscaped = "\\x1b]0;x\\x07\\x0d\\x0aAttested\\x7f";

std::string repeated(const std::string& text, std::size_t bytes)
{
    std::string out;
    while (out.size() < bytes)
        out += text;
    return out;
}

void expectHarmless(const vm::Verdict& verdict)
{
    CPPUNIT_ASSERT(verdict.standing != Standing::Attested);
    CPPUNIT_ASSERT_EQUAL(printable(verdict.reason), verdict.reason);
    CPPUNIT_ASSERT_MESSAGE(std::to_string(verdict.reason.size()), verdict.reason.size() < kShort);
    for (const auto& one : verdict.plugins)
        CPPUNIT_ASSERT_EQUAL(printable(one.result.reason), one.result.reason);
}

} // namespace

class ReasonTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ReasonTest);
    CPPUNIT_TEST(ofAFailedCheck);
    CPPUNIT_TEST(ofAnUndecidedCheck);
    CPPUNIT_TEST(ofAPluginThatFails);
    CPPUNIT_TEST(ofTrouble);
    CPPUNIT_TEST(ofMissingReferenceValues);
    CPPUNIT_TEST(ofEvidenceOfAnUnknownKind);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { court_.emplace(); }
    void tearDown() override { court_.reset(); }

private:
    vm::Verdict said(std::function<void(sdk::Checks)> words)
    {
        court_->tpmSays.say = std::move(words);
        auto verdict = judged({matterOf(court_->tpm)});
        expectHarmless(verdict);
        return verdict;
    }

    /// Hostile words in three sizes: as they are, as much as a plugin may say, and too much.
    template <class Body>
    static void inEverySize(Body body)
    {
        for (const std::size_t bytes : {std::size_t{1}, std::size_t{60'000}, std::size_t{1} << 20})
            body(repeated(kHostile, bytes));
    }

    void ofAFailedCheck()
    {
        CPPUNIT_ASSERT(said(failing(kHostile)).reason.starts_with("tpm: Signature: " + kEscaped));
        inEverySize([this](const std::string& words) { (void)said(failing(words)); });
    }

    void ofAnUndecidedCheck()
    {
        inEverySize([this](const std::string& words) {
            const auto verdict = said([&](sdk::Checks out) { out.error("sig", words); });
            CPPUNIT_ASSERT(verdict.standing == Standing::Undecided);
        });
    }

    void ofAPluginThatFails()
    {
        inEverySize([this](const std::string& words) {
            const auto verdict = said([&](sdk::Checks) { throw sdk::Error(TH_INTERNAL, words); });
            CPPUNIT_ASSERT(verdict.standing == Standing::Undecided);
            CPPUNIT_ASSERT(verdict.reason.find(kEscaped) != std::string::npos);
        });
    }

    void ofTrouble()
    {
        inEverySize([this](const std::string& words) {
            auto matter = matterOf(court_->tpm);
            matter.trouble = words;
            expectHarmless(judged({matter}));
        });
    }

    void ofMissingReferenceValues()
    {
        const auto plugin = plugin::test::take(sdk::Bridge<MeasuringJudge<Tpm>>::entry, court_->kept.log);
        inEverySize([&](const std::string& words) {
            auto matter = matterOf(plugin);
            matter.references.missing = words;
            expectHarmless(judged({matter}));
        });
    }

    void ofEvidenceOfAnUnknownKind()
    {
        inEverySize([this](const std::string& words) {
            (void)said([&](sdk::Checks out) {
                out.pass("sig");
                out.claim("evidence." + words, sdk::ByteView(kNonce));
            });
        });
    }

    std::optional<Court> court_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(ReasonTest);

} // namespace teehost::appraisal::test
