// SPDX-License-Identifier: Apache-2.0
//
// Evidence that one plugin hands on ("evidence." claims) and another has to accept.
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "tests/unit/appraisal/judges.h"

namespace teehost::appraisal::test {
namespace {

using Claims = std::vector<std::pair<std::string, Bytes>>;

const Bytes kReport{9, 8, 7};

/// A PASS with claims.
std::function<void(sdk::Checks)> relyingOn(const Claims& claims)
{
    return [claims](sdk::Checks out) {
        out.pass("sig");
        for (const auto& [key, bytes] : claims)
            out.claim(key, sdk::ByteView(bytes));
    };
}

} // namespace

class ReliedEvidenceTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ReliedEvidenceTest);
    CPPUNIT_TEST(handsEvidenceToThePluginOfItsKind);
    CPPUNIT_TEST(handsCertificatesOnAsCollateral);
    CPPUNIT_TEST(judgesWithoutCertificatesThatAreRubbish);
    CPPUNIT_TEST(asksForTheReferenceValuesButNotForTheNonce);
    CPPUNIT_TEST(needsItsAcceptance);
    CPPUNIT_TEST(isUndecidedWhenNobodyKnowsTheKind);
    CPPUNIT_TEST(neverLetsAPluginJudgeWhatItReliesOn);
    CPPUNIT_TEST(asksWhoeverIsSurest);
    CPPUNIT_TEST(looksAtItEvenIfThePluginRefuses);
    CPPUNIT_TEST(takesOtherClaimsForWords);
    CPPUNIT_TEST(handsEachKindToItsOwnPlugin);
    CPPUNIT_TEST(takesTextForEvidenceOfNothing);
    CPPUNIT_TEST(doesNotFollowEvidenceAnyFurther);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        court_.emplace();
        court_->chipSays.kind = "chip.report";
        court_->tpmSays.say = relyingOn({{"evidence.chip.report", kReport}});
    }
    void tearDown() override { court_.reset(); }

private:
    /// The plugin of the report has evidence of its own, too: it is asked twice.
    std::vector<Matter> both() const { return {matterOf(court_->tpm), matterOf(court_->chip)}; }

    /// What the plugin of the report was asked about the evidence that was handed on.
    [[nodiscard]] Asked handedOn() const
    {
        for (const auto& asked : court_->chipSays.asked)
            if (!asked.evidence.empty() && asked.evidence[0].kind == "chip.report")
                return asked;
        CPPUNIT_FAIL("nothing was handed on");
        return {};
    }

    void handsEvidenceToThePluginOfItsKind()
    {
        for (const auto& matters : {both(), std::vector<Matter>{both()[1], both()[0]}}) {
            court_->chipSays.asked.clear();
            const auto verdict = judged(matters);
            expectVerdict(Standing::Attested,
                          "attested by " + matters[0].plugin->info().id + " and " +
                              matters[1].plugin->info().id,
                          verdict);
            CPPUNIT_ASSERT_EQUAL(std::size_t{2}, court_->chipSays.asked.size());
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, handedOn().evidence.size());
            CPPUNIT_ASSERT(handedOn().evidence[0].data == kReport);
            CPPUNIT_ASSERT_EQUAL(std::size_t{3}, verdict.plugins.size());
        }
    }

    void handsCertificatesOnAsCollateral()
    {
        court_->tpmSays.say = relyingOn(
            {{"evidence.x509.chip", {1}}, {"evidence.chip.report", kReport}, {"evidence.x509.root", {2}}});
        expectVerdict(Standing::Attested, "attested by tpm and chip", judged(both()));
        const Asked asked = handedOn();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, asked.evidence.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, asked.collateral.size());
        CPPUNIT_ASSERT(asked.collateral[0].data == Bytes{1} && asked.collateral[1].data == Bytes{2});
        for (const auto& offered : asked.collateral) // not what the host has found
            CPPUNIT_ASSERT_EQUAL(std::string("x509.offered"), offered.kind);
        CPPUNIT_ASSERT(court_->chipSays.asked.at(0).collateral.empty() ||
                       court_->chipSays.asked.at(1).collateral.empty());
    }

    /// A guest whose report is a lie must not escape by a certificate that cannot be read.
    void judgesWithoutCertificatesThatAreRubbish()
    {
        court_->tpmSays.say =
            relyingOn({{"evidence.chip.report", kReport}, {"evidence.x509.der.0", Bytes{1}}});
        court_->chipSays.say = [this](sdk::Checks out) {
            if (!court_->chipSays.asked.back().collateral.empty())
                throw sdk::Error(TH_INVALID_ARGUMENT, "the certificates given cannot be read");
            if (court_->chipSays.asked.back().evidence.front().kind == "chip.report")
                return out.fail("sig", "it is forged");
            out.pass("sig");
        };
        expectVerdict(Standing::Failed, "chip: Signature: it is forged", judged(both()));
        court_->chipSays.say = [](sdk::Checks) { throw sdk::Error(TH_INVALID_ARGUMENT, "no such rule"); };
        CPPUNIT_ASSERT(judged(both()).standing == Standing::Undecided);
    }

    void asksForTheReferenceValuesButNotForTheNonce()
    {
        auto matters = both();
        matters[1].references.measurement.registers = {
            {"LAUNCH_DIGEST", plugin::DigestAlg::Sha384, Bytes(48)}};
        matters[1].kept = {{"chip_id", Bytes{1}}};
        matters[1].policyJson = "{}";
        matters[0].policyJson = "[]";
        expectVerdict(Standing::Attested, "attested by tpm and chip", judged(matters));
        const Asked asked = handedOn();
        CPPUNIT_ASSERT(asked.reportData.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("LAUNCH_DIGEST"), asked.expected.at(0));
        CPPUNIT_ASSERT_EQUAL(std::string("chip_id"), asked.reference.at(0));
        CPPUNIT_ASSERT_EQUAL(std::string("{}"), asked.policy);
        CPPUNIT_ASSERT(court_->tpmSays.asked.at(0).reportData == kNonce);
    }

    /// The report itself is refused, whatever becomes of the plugin's own evidence.
    void needsItsAcceptance()
    {
        std::vector<Matter> matters = both();
        matters[1].trouble = "the agent has none of its own";
        expectVerdict(Standing::Undecided, "chip: the agent has none of its own", judged(matters));
        court_->chipSays.say = failing("the report is forged");
        const auto verdict = judged(matters);
        expectVerdict(Standing::Failed, "chip: Signature: the report is forged", verdict);
        CPPUNIT_ASSERT_EQUAL(std::string("chip"), verdict.plugins.at(1).plugin);
        court_->chipSays.say = undecided;
        expectVerdict(Standing::Undecided, "chip: check sig is ERROR: no certificate", judged(both()));
        court_->chipSays.say = [](sdk::Checks) { throw sdk::Error(TH_INTERNAL, "broken"); };
        expectVerdict(Standing::Undecided, "chip: plugin chip: broken", judged(both()));
    }

    void isUndecidedWhenNobodyKnowsTheKind()
    {
        court_->tpmSays.say = relyingOn({{"evidence.other.report", kReport}});
        expectVerdict(Standing::Undecided,
                      "tpm: it relies on evidence of the kind other.report, which no other plugin of the VM "
                      "verifies",
                      judged(both()));
        court_->tpmSays.say = relyingOn({{"evidence.chip.report", kReport}});
        const auto alone = judged({matterOf(court_->tpm)});
        CPPUNIT_ASSERT(alone.standing == Standing::Undecided);
    }

    void neverLetsAPluginJudgeWhatItReliesOn()
    {
        court_->tpmSays.kind = "chip.report";
        court_->chipSays.kind = "nothing";
        const auto verdict = judged(both());
        CPPUNIT_ASSERT(verdict.standing == Standing::Undecided);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, court_->tpmSays.asked.size());
        court_->chipSays.kind = "chip.report"; // less sure, and the only other
        court_->chipSays.certainty = 1;
        expectVerdict(Standing::Attested, "attested by tpm and chip", judged(both()));
    }

    void asksWhoeverIsSurest()
    {
        court_->chipSays.certainty = 50;
        court_->thirdSays.kind = "chip.report";
        for (const int certainty : {49, 51}) {
            court_->chipSays.asked.clear();
            court_->thirdSays.asked.clear();
            court_->thirdSays.certainty = certainty;
            auto matters = both();
            matters.push_back(matterOf(court_->third));
            expectVerdict(Standing::Attested, "attested by tpm and chip and third", judged(matters));
            const bool third = certainty > 50;
            CPPUNIT_ASSERT_EQUAL(std::size_t{third ? 1u : 2u}, court_->chipSays.asked.size());
            CPPUNIT_ASSERT_EQUAL(std::size_t{third ? 2u : 1u}, court_->thirdSays.asked.size());
        }
    }

    void looksAtItEvenIfThePluginRefuses()
    {
        court_->tpmSays.say = [](sdk::Checks out) {
            out.error("sig", "no log");
            out.claim("evidence.chip.report", sdk::ByteView(kReport));
        };
        court_->chipSays.say = failing("the report is forged");
        expectVerdict(Standing::Failed, "chip: Signature: the report is forged",
                      judged({matterOf(court_->tpm), [this] {
                                  Matter chip = matterOf(court_->chip);
                                  chip.trouble = "none of its own";
                                  return chip;
                              }()}));
    }

    void takesOtherClaimsForWords()
    {
        court_->tpmSays.say =
            relyingOn({{"evidences", {1}}, {"the.evidence.chip.report", {2}}, {"x509.a", {3}}});
        expectVerdict(Standing::Attested, "attested by tpm and chip", judged(both()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, court_->chipSays.asked.size());
    }

    /// One that accepts the first kind does not vouch for the second.
    void handsEachKindToItsOwnPlugin()
    {
        court_->tpmSays.say =
            relyingOn({{"evidence.chip.report", kReport}, {"evidence.third.quote", {4, 5}}});
        expectVerdict(Standing::Undecided,
                      "tpm: it relies on evidence of the kind third.quote, which no other plugin of the VM "
                      "verifies",
                      judged(both()));
        court_->thirdSays.kind = "third.quote";
        auto matters = both();
        matters.push_back(matterOf(court_->third));
        expectVerdict(Standing::Attested, "attested by tpm and chip and third", judged(matters));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, handedOn().evidence.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, court_->thirdSays.asked.size());
        court_->thirdSays.say = failing();
        expectVerdict(Standing::Failed, "third: Signature: it is forged", judged(matters));
    }

    void takesTextForEvidenceOfNothing()
    {
        court_->tpmSays.say = [](sdk::Checks out) {
            out.pass("sig");
            out.claim("evidence.chip.report", "see attachment");
        };
        expectVerdict(Standing::Attested, "attested by tpm and chip", judged(both())); // chip takes anything
        CPPUNIT_ASSERT(handedOn().evidence[0].data.empty());
    }

    void doesNotFollowEvidenceAnyFurther()
    {
        court_->chipSays.say = relyingOn({{"evidence.third.quote", {4, 5}}});
        court_->thirdSays.kind = "third.quote";
        auto matters = both();
        matters[1].trouble = "none of its own";
        matters.push_back(matterOf(court_->third));
        const auto verdict = judged(matters);
        CPPUNIT_ASSERT(verdict.standing == Standing::Undecided);
        CPPUNIT_ASSERT(!verdict.plugins.at(1).result.accepted);
    }

    std::optional<Court> court_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(ReliedEvidenceTest);

} // namespace teehost::appraisal::test
