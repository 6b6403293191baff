// SPDX-License-Identifier: Apache-2.0
//
// Plugins of this program that judge as the test wants, and remember what they were asked.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/appraisal/appraise.h"
#include "teehost/plugin.hpp"
#include "tests/unit/plugin/support.h"

namespace teehost::appraisal::test {

using plugin::Bytes;
using vm::Standing;

/// A copy of a request.
struct Asked {
    std::vector<plugin::Blob> evidence, collateral;
    std::vector<std::string> expected, reference; ///< names, keys
    Bytes reportData;
    std::string policy;
};

struct Script {
    std::function<void(sdk::Checks)> say = {}; ///< in place of a PASS of "sig"
    std::string kind = "none";                 ///< what it recognises,
    int certainty = 100;                       ///< and how surely
    std::vector<Asked> asked;
};

inline Asked copyOf(const sdk::VerifyRequest& request)
{
    const auto blobs = [](const std::vector<sdk::Blob>& from) {
        std::vector<plugin::Blob> out;
        for (const auto& one : from)
            out.push_back({std::string(one.kind), {one.data.begin(), one.data.end()}});
        return out;
    };
    Asked out{blobs(request.evidence),        blobs(request.collateral), {}, {}, {},
              std::string(request.policyJson)};
    for (const auto& one : request.expected)
        out.expected.emplace_back(one.name);
    for (const auto& one : request.reference)
        out.reference.emplace_back(sdk::view(one.key));
    out.reportData.assign(request.reportData.begin(), request.reportData.end());
    return out;
}

/// `Name::kId` is its id. What the request holds beyond evidence it lets pass.
template <class Name>
class Judge : public sdk::Plugin {
public:
    static constexpr sdk::About kAbout{.id = Name::kId,
                                       .version = "1.0.0",
                                       .vendor = "test",
                                       .license = "Apache-2.0",
                                       .summary = "Judges as it is told",
                                       .flags = TH_ROLE_ATTESTER};
    static constexpr std::array kVerifyChecks{
        sdk::Check{.id = "sig", .title = "Signature", .flags = TH_CHECK_REQUIRED},
        sdk::Check{.id = "age", .title = "Age"},
        sdk::Check{.id = "nonce", .title = "Nonce", .flags = TH_CHECK_IF_REPORT_DATA},
        sdk::Check{.id = "values", .title = "Values", .flags = TH_CHECK_IF_EXPECTED | TH_CHECK_IF_REFERENCE},
        sdk::Check{.id = "policy", .title = "Policy", .flags = TH_CHECK_IF_POLICY}};
    static inline Script script;

    explicit Judge(sdk::Call) {}
    static int recognise(const sdk::Blob& blob) { return blob.kind == script.kind ? script.certainty : 0; }
    void verify(sdk::Call, const sdk::VerifyRequest& request, sdk::Checks out) override
    {
        script.asked.push_back(copyOf(request));
        for (const char* id : {"nonce", "values", "policy"})
            out.pass(id);
        if (script.say)
            script.say(out);
        else
            out.pass("sig");
    }
};

/// The same, of those that compute reference values.
template <class Name>
class MeasuringJudge final : public Judge<Name> {
public:
    using Judge<Name>::Judge;
    void measure(sdk::Call, const sdk::MeasureRequest&, sdk::Reference) override {}
};

struct Chip {
    static constexpr std::string_view kId = "chip";
};
struct Tpm {
    static constexpr std::string_view kId = "tpm";
};
struct Third {
    static constexpr std::string_view kId = "third";
};

inline std::function<void(sdk::Checks)> failing(const std::string& why)
{
    return [why](sdk::Checks out) { out.fail("sig", why); };
}
inline std::function<void(sdk::Checks)> failing() { return failing("it is forged"); }
inline void undecided(sdk::Checks out) { out.error("sig", "no certificate"); }

/// Three plugins; none computes reference values.
struct Court {
    Court()
    {
        Judge<Chip>::script = {};
        Judge<Tpm>::script = {};
        Judge<Third>::script = {};
    }
    Court(const Court&) = delete;
    Court& operator=(const Court&) = delete;

    plugin::test::KeptLog kept;
    std::unique_ptr<plugin::Plugin> chip = plugin::test::take(sdk::Bridge<Judge<Chip>>::entry, kept.log);
    std::unique_ptr<plugin::Plugin> tpm = plugin::test::take(sdk::Bridge<Judge<Tpm>>::entry, kept.log);
    std::unique_ptr<plugin::Plugin> third = plugin::test::take(sdk::Bridge<Judge<Third>>::entry, kept.log);
    Script& chipSays = Judge<Chip>::script;
    Script& tpmSays = Judge<Tpm>::script;
    Script& thirdSays = Judge<Third>::script;
};

inline const Bytes kNonce(32, 7);

/// Evidence for a plugin, and nothing else.
inline Matter matterOf(const std::unique_ptr<plugin::Plugin>& plugin)
{
    Matter out;
    out.plugin = plugin.get();
    out.evidence = {{"", {1, 2, 3}}};
    return out;
}

inline vm::Verdict judged(const std::vector<Matter>& matters) { return appraise(matters, kNonce, {}); }

inline void expectVerdict(Standing standing, const std::string& reason, const vm::Verdict& verdict)
{
    CPPUNIT_ASSERT_EQUAL_MESSAGE(verdict.reason, std::string(vm::standingName(standing)),
                                 std::string(vm::standingName(verdict.standing)));
    CPPUNIT_ASSERT_EQUAL(reason, verdict.reason);
}

} // namespace teehost::appraisal::test
