// SPDX-License-Identifier: Apache-2.0
//
// Verdicts of several plugins on one VM, each on evidence of its own.
#include <algorithm>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "tests/unit/appraisal/judges.h"

namespace teehost::appraisal::test {
namespace {

using plugin::Register;

bool holds(const std::vector<std::string>& list, const std::string& text)
{
    return std::find(list.begin(), list.end(), text) != list.end();
}

} // namespace

class AppraiseTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AppraiseTest);
    CPPUNIT_TEST(attestsWhatAllAccept);
    CPPUNIT_TEST(attestsNothingThatNobodyJudged);
    CPPUNIT_TEST(failsWithTheFirstCheckThatFailed);
    CPPUNIT_TEST(isUndecidedWhereARequiredCheckIs);
    CPPUNIT_TEST(failsAGuestWhoseEvidenceIsUnfit);
    CPPUNIT_TEST(isUndecidedWhenThePluginFails);
    CPPUNIT_TEST(isUndecidedWithoutEvidence);
    CPPUNIT_TEST(isUndecidedWithoutReferenceValues);
    CPPUNIT_TEST(failsWithoutReferenceValuesToo);
    CPPUNIT_TEST(attestsAgainstReferenceValues);
    CPPUNIT_TEST(handsOverEveryAlternative);
    CPPUNIT_TEST(putsTheWorstFirstInEveryOrder);
    CPPUNIT_TEST(givesThePluginWhatItJudgesBy);
    CPPUNIT_TEST(showsWhatCameOfTheChallenge);
    CPPUNIT_TEST(saysWhenAndOverWhichNonce);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { court_.emplace(); }
    void tearDown() override { court_.reset(); }

private:
    std::vector<Matter> both() const { return {matterOf(court_->chip), matterOf(court_->tpm)}; }

    /// A plugin with the say of Tpm that computes reference values.
    std::unique_ptr<plugin::Plugin> measuring() const
    {
        return plugin::test::take(sdk::Bridge<MeasuringJudge<Tpm>>::entry, court_->kept.log);
    }

    void attestsWhatAllAccept()
    {
        expectVerdict(Standing::Attested, "attested by chip and tpm", judged(both()));
        expectVerdict(Standing::Attested, "attested by tpm", judged({matterOf(court_->tpm)}));
        const auto verdict = judged(both());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, verdict.plugins.size());
        CPPUNIT_ASSERT_EQUAL(std::string("tpm"), verdict.plugins[1].plugin);
        CPPUNIT_ASSERT(verdict.plugins[1].result.accepted && verdict.plugins[1].result.reason.empty());
    }

    void attestsNothingThatNobodyJudged()
    {
        expectVerdict(Standing::Undecided, "nothing attests this VM", judged({}));
    }

    void failsWithTheFirstCheckThatFailed()
    {
        court_->tpmSays.say = [](sdk::Checks out) {
            out.error("age", "no clock");
            out.fail("sig", "expected 1, got 2");
        };
        const auto verdict = judged(both());
        expectVerdict(Standing::Failed, "tpm: Signature: expected 1, got 2", verdict);
        CPPUNIT_ASSERT(verdict.plugins[0].result.accepted);
        CPPUNIT_ASSERT(!verdict.plugins[1].result.accepted);
        CPPUNIT_ASSERT_EQUAL(std::string("Signature: expected 1, got 2"), verdict.plugins[1].result.reason);
    }

    void isUndecidedWhereARequiredCheckIs()
    {
        court_->tpmSays.say = undecided;
        expectVerdict(Standing::Undecided, "tpm: check sig is ERROR: no certificate", judged(both()));
        court_->tpmSays.say = [](sdk::Checks out) { out.skip("sig", "offline"); };
        expectVerdict(Standing::Undecided, "tpm: required check sig is SKIP: offline", judged(both()));
        court_->tpmSays.say = [](sdk::Checks out) { out.warn("sig", "weak key"); };
        expectVerdict(Standing::Undecided, "tpm: required check sig is WARN: weak key", judged(both()));
        court_->tpmSays.say = [](sdk::Checks) {};
        expectVerdict(Standing::Undecided, "tpm: required check sig was not reported", judged(both()));
        court_->tpmSays.say = [](sdk::Checks out) {
            out.pass("sig");
            out.skip("age", "nobody asked"); // is not required
        };
        expectVerdict(Standing::Attested, "attested by chip and tpm", judged(both()));
    }

    /// An agent chooses what it answers: garbage must not do better than a lie.
    void failsAGuestWhoseEvidenceIsUnfit()
    {
        court_->tpmSays.say = [](sdk::Checks out) { out.unfit("sig", "this is a picture of a cat"); };
        const auto verdict = judged(both());
        expectVerdict(Standing::Failed, "tpm: Signature: this is a picture of a cat", verdict);
        CPPUNIT_ASSERT(verdict.plugins[1].result.checks.back().verdict == plugin::Verdict::Fail);
        court_->tpmSays.say = [](sdk::Checks out) {
            out.error("age", "no clock");
            out.unfit("sig", "a piece is missing");
        };
        expectVerdict(Standing::Failed, "tpm: Signature: a piece is missing", judged(both()));
        court_->tpmSays.say = [](sdk::Checks out) {
            out.unfit("age", "a piece is missing");
            out.fail("sig", "expected 1, got 2");
        };
        expectVerdict(Standing::Failed, "tpm: Signature: expected 1, got 2", judged(both()));
    }

    void isUndecidedWhenThePluginFails()
    {
        court_->tpmSays.say = [](sdk::Checks out) {
            out.fail("sig", "half a verdict does not count");
            throw sdk::Error(TH_UNAVAILABLE, "the vendor does not answer");
        };
        const auto verdict = judged(both());
        expectVerdict(Standing::Undecided, "tpm: plugin tpm: the vendor does not answer", verdict);
        CPPUNIT_ASSERT(!verdict.plugins[1].result.accepted && verdict.plugins[1].result.checks.empty());
    }

    void isUndecidedWithoutEvidence()
    {
        auto matters = both();
        matters[0].trouble = "the agent does not answer";
        expectVerdict(Standing::Undecided, "chip: the agent does not answer", judged(matters));
        CPPUNIT_ASSERT(court_->chipSays.asked.empty());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, court_->tpmSays.asked.size());
    }

    void isUndecidedWithoutReferenceValues()
    {
        const auto plugin = measuring();
        const std::string genuine =
            "tpm: the evidence is genuine, but there are no reference values to hold it against: ";
        auto matter = matterOf(plugin);
        const auto verdict = judged({matter});
        expectVerdict(Standing::Undecided, genuine + "nothing of the VM can be computed beforehand", verdict);
        CPPUNIT_ASSERT(!verdict.plugins[0].result.accepted);

        matter.references.missing = "no such file";
        expectVerdict(Standing::Undecided, genuine + "no such file", judged({matter}));
        matter.references.measurement.registers = {{"PCR4", plugin::DigestAlg::Sha256, Bytes(32)}};
        expectVerdict(Standing::Undecided, genuine + "no such file", judged({matter}));
    }

    void failsWithoutReferenceValuesToo()
    {
        const auto plugin = measuring();
        court_->tpmSays.say = failing();
        expectVerdict(Standing::Failed, "tpm: Signature: it is forged", judged({matterOf(plugin)}));
    }

    void attestsAgainstReferenceValues()
    {
        const auto plugin = measuring();
        auto matter = matterOf(plugin);
        matter.references.measurement.registers = {{"PCR4", plugin::DigestAlg::Sha256, Bytes(32)}};
        expectVerdict(Standing::Attested, "attested by tpm", judged({matter}));
        CPPUNIT_ASSERT_EQUAL(std::string("PCR4"), court_->tpmSays.asked.at(0).expected.at(0));
    }

    void handsOverEveryAlternative()
    {
        const auto plugin = measuring();
        auto matter = matterOf(plugin);
        matter.references.measurement.registers = {{"RTMR1", plugin::DigestAlg::Sha384, Bytes(48, 1)},
                                                   {"RTMR1", plugin::DigestAlg::Sha384, Bytes(48, 2)}};
        expectVerdict(Standing::Attested, "attested by tpm", judged({matter}));
        const std::vector<std::string> twice{"RTMR1", "RTMR1"};
        CPPUNIT_ASSERT(court_->tpmSays.asked.at(0).expected == twice);
    }

    void putsTheWorstFirstInEveryOrder()
    {
        court_->tpmSays.say = failing();
        court_->thirdSays.say = undecided;
        std::vector<Matter> matters{matterOf(court_->chip), matterOf(court_->tpm), matterOf(court_->third)};
        const auto before = [](const Matter& a, const Matter& b) { return a.plugin < b.plugin; };
        std::sort(matters.begin(), matters.end(), before);
        unsigned orders = 0;
        do {
            const auto verdict = judged(matters);
            expectVerdict(Standing::Failed, "tpm: Signature: it is forged", verdict);
            CPPUNIT_ASSERT_EQUAL(std::size_t{3}, verdict.plugins.size());
            ++orders;
        } while (std::next_permutation(matters.begin(), matters.end(), before));
        CPPUNIT_ASSERT_EQUAL(6u, orders);
        court_->tpmSays.say = {};
        do
            expectVerdict(Standing::Undecided, "third: check sig is ERROR: no certificate", judged(matters));
        while (std::next_permutation(matters.begin(), matters.end(), before));
    }

    void givesThePluginWhatItJudgesBy()
    {
        auto matters = both();
        matters[1].references.measurement.values = {{"measured", true}};
        matters[1].references.measurement.registers = {{"PCR4", plugin::DigestAlg::Sha256, Bytes(32)}};
        matters[1].kept = {{"counter", std::uint64_t{7}}};
        matters[1].answered = {{"ak", Bytes{1}}};
        matters[1].policyJson = R"({"a": 1})";
        expectVerdict(Standing::Attested, "attested by chip and tpm", judged(matters));
        const Asked& tpm = court_->tpmSays.asked.at(0);
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, tpm.reference.size());
        for (const char* key : {"measured", "counter", "ak"})
            CPPUNIT_ASSERT_MESSAGE(key, holds(tpm.reference, key));
        CPPUNIT_ASSERT(holds(tpm.expected, "PCR4"));
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"a": 1})"), tpm.policy);
        CPPUNIT_ASSERT(tpm.reportData == kNonce && tpm.evidence.at(0).data == (Bytes{1, 2, 3}));
        const Asked& chip = court_->chipSays.asked.at(0);
        CPPUNIT_ASSERT(chip.reportData == kNonce);
        CPPUNIT_ASSERT(chip.reference.empty() && chip.expected.empty() && chip.policy.empty());
    }

    void showsWhatCameOfTheChallenge()
    {
        auto matters = both();
        plugin::CheckResult wrong;
        wrong.id = "host.challenge";
        wrong.title = "Challenge";
        wrong.verdict = plugin::Verdict::Skip;
        wrong.message = "the agent refuses";
        matters[1].challenge = wrong;
        const auto verdict = judged(matters); // what follows from that is the plugin's to say
        expectVerdict(Standing::Attested, "attested by chip and tpm", verdict);
        CPPUNIT_ASSERT_EQUAL(std::string("host.challenge"), verdict.plugins[1].result.checks.back().id);
        matters[1].challenge->verdict = plugin::Verdict::Fail; // but a wrong answer is a lie
        matters[1].challenge->message = "wrong";
        expectVerdict(Standing::Failed, "tpm: Challenge: wrong", judged(matters));
        matters[1].trouble = "no evidence";
        CPPUNIT_ASSERT_EQUAL(std::string("host.challenge"),
                             judged(matters).plugins[1].result.checks.at(0).id);
    }

    void saysWhenAndOverWhichNonce()
    {
        const auto before = std::chrono::system_clock::now() - std::chrono::milliseconds(1);
        const auto verdict = judged(both());
        CPPUNIT_ASSERT(verdict.nonce == kNonce);
        CPPUNIT_ASSERT(verdict.at > before && verdict.at <= std::chrono::system_clock::now());
    }

    std::optional<Court> court_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(AppraiseTest);

} // namespace teehost::appraisal::test
