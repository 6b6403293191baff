// SPDX-License-Identifier: Apache-2.0
#include "evidence/ima_check.h"

#include <algorithm>

#include <teehost/kit/input_error.h>

#include "evidence/checks.h"
#include "log/ima_log.h"

namespace teehost::vtpm {
namespace {

using kit::CheckLine;

class ImaCheck {
public:
    ImaCheck(const Evidence& evidence, const VerifyTerms& terms, Verified& out)
        : evidence_(evidence), terms_(terms), out_(out)
    {
    }

    CheckLine run()
    {
        using check_id::kIma;
        if (evidence_.imaLog.empty())
            return kit::unfit(kIma, "ima_missing", "there is no IMA list, and the policy asks for one",
                              "hand over the list (binary_runtime_measurements) as a further --report");
        try {
            const ImaLog log = ImaLog::parse(evidence_.imaLog);
            if (out_.pcrs.empty())
                return kit::unfit(kIma, "ima_quote", std::string(kNoQuote));
            std::optional<ImaMatch> match;
            for (const PcrValue& value : out_.pcrs)
                if (value.pcr == kImaPcr && value.bank != HashAlgorithm::Sha1) {
                    const auto its = matchIma(log, value.bank, value.value.view());
                    if (!match || (its && its->entries < match->entries))
                        match = its; // of quotes one after the other, what all of them attest
                    if (!its)
                        return kit::failed(kIma, "ima_replay",
                                           "the IMA list does not make PCR 10 of " +
                                               std::string(kit::nameOf(value.bank)));
                }
            if (!match)
                return kit::unfit(kIma, "ima_quote", "PCR 10 is not quoted in a bank but SHA-1's");
            if (!aggregateFits(log))
                return kit::failed(kIma, "ima_boot", "the IMA list is of another boot");
            out_.imaEntries = match->entries;
            return imaPolicy(log, *match);
        } catch (const kit::InputError& e) {
            return kit::unfit(kIma, e.reason(), e.what());
        }
    }

private:
    [[nodiscard]] bool aggregateFits(const ImaLog& log) const
    {
        const auto aggregate = bootAggregate(log);
        if (!aggregate)
            return false; // every list begins with it
        kit::AnyHasher hasher(aggregate->bank);
        for (std::uint32_t pcr = 0; pcr < aggregate->pcrs; ++pcr) {
            const PcrValue* value = findPcr(out_.pcrs, aggregate->bank, pcr);
            if (value == nullptr)
                return true; // nothing to compare with; PCR 10 alone ties it to the quote
            hasher.update(value->value.view());
        }
        return kit::equal(hasher.finish().view(), aggregate->digest);
    }

    [[nodiscard]] bool isAllowed(const ImaEntry& entry) const
    {
        if (entry.path == "boot_aggregate")
            return true;
        return !entry.violation &&
               std::any_of(
                   terms_.policy.ima.allow->begin(), terms_.policy.ima.allow->end(),
                   [&](const ImaPolicy::Allowed& one) {
                       return matches(one.path, entry.path) &&
                              (one.digests.empty() ||
                               std::any_of(one.digests.begin(), one.digests.end(),
                                           [&](const auto& d) { return kit::equal(d, entry.digest); }));
                   });
    }

    [[nodiscard]] CheckLine imaPolicy(const ImaLog& log, const ImaMatch& match) const
    {
        constexpr std::size_t kMostListed = 50;
        const std::string attested = std::to_string(match.entries) + " of " +
                                     std::to_string(log.entries.size()) + " records are attested";
        if (!terms_.policy.ima.allow)
            return kit::passed(check_id::kIma, attested);
        std::size_t unknown = 0;
        std::string list;
        for (std::size_t i = 0; i < match.entries; ++i)
            if (!isAllowed(log.entries[i]) && ++unknown <= kMostListed)
                list += (list.empty() ? "" : ", ") + printable(log.entries[i].path);
        if (unknown == 0)
            return kit::passed(check_id::kIma, attested + ", all of them allowed");
        return kit::failed(check_id::kIma, "ima_unrecognized",
                           std::to_string(unknown) + " files were used that are not allowed: " + list);
    }

    static std::string printable(std::string_view path)
    {
        constexpr std::size_t kMostShown = 200;
        std::string out;
        for (const char c : path.substr(0, kMostShown))
            out += c >= 0x20 && c < 0x7F ? c : '?';
        return out;
    }

    const Evidence& evidence_;
    const VerifyTerms& terms_;
    Verified& out_;
};

} // namespace

CheckLine checkIma(const Evidence& evidence, const VerifyTerms& terms, Verified& out)
{
    return ImaCheck(evidence, terms, out).run();
}

} // namespace teehost::vtpm
