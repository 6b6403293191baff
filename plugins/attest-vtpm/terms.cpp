// SPDX-License-Identifier: Apache-2.0
#include "terms.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "evidence/checks.h"
#include "request.h"

namespace teehost::vtpm {
namespace {

constexpr std::string_view kPrefix = "PCR";

/// "PCR7". What the guest can reset is no register to expect anything of.
std::optional<std::uint32_t> pcrNamed(std::string_view name)
{
    std::uint32_t pcr = 0;
    if (!name.starts_with(kPrefix))
        return std::nullopt;
    name.remove_prefix(kPrefix.size());
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pcr);
    if (name.empty() || error != std::errc() || end != name.data() + name.size() || pcr >= kPcrs ||
        pcr == 16 || pcr == 23)
        return std::nullopt;
    return pcr;
}

void addRule(std::vector<PcrRule>& rules, HashAlgorithm bank, std::uint32_t pcr, sdk::ByteView digest)
{
    auto rule = std::find_if(rules.begin(), rules.end(),
                             [&](const PcrRule& one) { return one.bank == bank && one.pcr == pcr; });
    if (rule == rules.end())
        rule = rules.insert(rules.end(), PcrRule{bank, pcr, {}});
    rule->digests.emplace_back(digest.begin(), digest.end());
}

/// Both must hold: a value that the request does not expect is none that the policy can allow.
void addExpected(const sdk::VerifyRequest& request, Expectations& out)
{
    std::vector<PcrRule> rules;
    for (const auto& one : request.expected) {
        const auto pcr = pcrNamed(one.name);
        const auto bank = hashOf(static_cast<std::uint16_t>(one.alg));
        if (!pcr || !bank) {
            out.lines = {
                kit::undecided(check_id::kPcrPolicy, "pcr_policy",
                               "nothing can be expected of a register \"" + std::string(one.name) + "\"",
                               "registers are PCR0 to PCR22, but PCR16, which the guest can reset")};
            return;
        }
        if (*bank != HashAlgorithm::Sha1) // which proves nothing; other banks must
            addRule(rules, *bank, *pcr, one.digest);
        else
            out.policy.requiredPcrs.push_back(*pcr);
    }
    for (const std::uint32_t pcr : out.policy.requiredPcrs)
        if (std::none_of(rules.begin(), rules.end(), [&](const PcrRule& rule) { return rule.pcr == pcr; })) {
            out.lines = {kit::undecided(check_id::kPcrPolicy, "pcr_policy",
                                        "of PCR " + std::to_string(pcr) +
                                            " only a SHA-1 value is expected, which proves nothing",
                                        "give one of another bank")};
            return;
        }
    out.policy.pcrs.insert(out.policy.pcrs.end(), rules.begin(), rules.end());
}

std::optional<kit::Bytes> bytesOf(const th_value& value)
{
    if (value.type == TH_T_STRING)
        return kit::fromHex(sdk::view(value.s));
    if (value.type != TH_T_BYTES)
        return std::nullopt;
    const auto view = sdk::view(value.b);
    return kit::Bytes(view.begin(), view.end());
}

std::optional<std::uint64_t> numberOf(const th_value& value)
{
    return value.type == TH_T_UINT ? std::optional(value.u) : std::nullopt;
}

/// Takes a reference value; false when it has another type than it must.
using Taker = std::function<bool(const th_value&, Expectations&)>;

Taker counter(std::optional<std::uint64_t> Counters::*member)
{
    return [=](const th_value& value, Expectations& out) {
        out.last.*member = numberOf(value);
        return (out.last.*member).has_value();
    };
}

Taker bytes(std::vector<kit::Bytes> Policy::*member)
{
    return [=](const th_value& value, Expectations& out) {
        auto read = bytesOf(value);
        if (read)
            out.policy.*member = {std::move(*read)};
        return read.has_value();
    };
}

Taker name(kit::Bytes Policy::*member)
{
    return [=](const th_value& value, Expectations& out) {
        auto read = bytesOf(value);
        if (read)
            out.policy.*member = std::move(*read);
        return read.has_value();
    };
}

Taker text(std::string Policy::*member)
{
    return [=](const th_value& value, Expectations& out) {
        if (value.type == TH_T_STRING)
            out.policy.*member = sdk::view(value.s);
        return value.type == TH_T_STRING;
    };
}

/// "sha256,sha384"
bool readBanks(std::string_view names, std::vector<HashAlgorithm>& out)
{
    while (!names.empty()) {
        const std::string_view name = names.substr(0, names.find(','));
        const auto bank = bankNamed(name);
        if (!bank)
            return false;
        out.push_back(*bank);
        names.remove_prefix(std::min(names.size(), name.size() + 1));
    }
    return !out.empty();
}

const std::map<std::string_view, Taker>& takers()
{
    static const std::map<std::string_view, Taker> kTakers{
        {"vtpm.ak_name", bytes(&Policy::akNames)},
        {"vtpm.kernel_digest", bytes(&Policy::kernelDigests)},
        {reference::kActivatedAk, name(&Policy::activatedAk)},
        {reference::kActivatedEk, name(&Policy::activatedEk)},
        {reference::kVmId, text(&Policy::vmId)},
        {reference::kResetCount, counter(&Counters::resetCount)},
        {reference::kRestartCount, counter(&Counters::restartCount)},
        {reference::kClock, counter(&Counters::clock)},
        {reference::kBanks,
         [](const th_value& value, Expectations& out) {
             return value.type == TH_T_STRING && readBanks(sdk::view(value.s), out.policy.banks);
         }},
        {"vtpm.secure_boot",
         [](const th_value& value, Expectations& out) {
             out.policy.secureBoot = value.u != 0;
             return value.type == TH_T_BOOL;
         }},
        {"vtpm.command_line", [](const th_value& value, Expectations& out) {
             if (value.type == TH_T_STRING)
                 out.policy.commandLines = {std::string(sdk::view(value.s))};
             return value.type == TH_T_STRING;
         }}};
    return kTakers;
}

/// What measure says of registers that it cannot predict: nothing to compare, but to be told.
bool isNote(std::string_view key)
{
    return key.starts_with("vtpm.unpredictable.") || key == "vtpm.kernel_not_measured" ||
           key == reference::kAssumedCpu;
}

/// What firmware, kernel, command line and initrd go into: a VM of which these are not compared may be any.
bool isEssential(std::string_view key)
{
    for (const char* pcr : {"0", "2", "4", "7", "9"})
        if (key == "vtpm.unpredictable.pcr" + std::string(pcr))
            return true;
    return false;
}

void addReference(const sdk::VerifyRequest& request, Expectations& out)
{
    std::string notes, gaps;
    for (const th_named& one : request.reference) {
        const std::string_view key = sdk::view(one.key);
        if (key == reference::kFirmware || key == reference::kMachine)
            continue; // told for people
        if (isNote(key) && one.value.type == TH_T_STRING) {
            (isEssential(key) ? gaps : notes) +=
                "; " + std::string(key) + ": " + std::string(sdk::view(one.value.s));
            continue;
        }
        const auto taker = takers().find(key);
        if (taker == takers().end() || !taker->second(one.value, out)) {
            out.lines.push_back(
                kit::undecided(check_id::kReference, "reference",
                               "the reference value \"" + std::string(key) + "\" is not one of a vTPM"));
            return;
        }
    }
    if (!gaps.empty())
        out.lines.push_back(kit::undecided(check_id::kReference, "reference",
                                           "what the VM boots is not compared in full" + gaps,
                                           "give these PCRs yourself (attest-vtpm.pcr_values)"));
    else if (!request.reference.empty())
        out.lines.push_back(
            kit::passed(check_id::kReference, "they are among the rules of the other checks" +
                                                  (notes.empty() ? notes : "; not compared" + notes)));
}

} // namespace

Expectations expectationsOf(const sdk::VerifyRequest& request)
{
    Expectations out;
    if (!request.policyJson.empty())
        out.policy = Policy::parse(request.policyJson);
    addExpected(request, out);
    addReference(request, out);
    const bool undecidable = std::any_of(out.lines.begin(), out.lines.end(),
                                         [](const auto& line) { return line.id == check_id::kPcrPolicy; });
    if (undecidable) { // the check is reported once, and this is its outcome
        out.policy.pcrs.clear();
        out.policy.requiredPcrs.clear();
    }
    out.pcrsExpected = !request.expected.empty() && !undecidable;
    return out;
}

} // namespace teehost::vtpm
