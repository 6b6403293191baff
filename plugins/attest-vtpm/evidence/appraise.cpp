// SPDX-License-Identifier: Apache-2.0
#include "evidence/appraise.h"

#include <algorithm>
#include <array>
#include <set>

#include <teehost/kit/input_error.h>

#include "evidence/checks.h"
#include "evidence/ima_check.h"
#include "log/boot_facts.h"
#include "log/event_log.h"
#include "predict/pcr_events.h"

namespace teehost::vtpm {
namespace {

using kit::CheckLine;

/// Firmware and EFI stub extend these and log what they extend. PCR 8 is a boot loader's, and others are for
/// the guest to extend as it likes, without a log that we read.
bool isLogged(const Replay& replayed, std::uint32_t pcr)
{
    return pcr <= 7 || pcr == 9 || (pcr == 8 && replayed.extended[pcr]);
}

std::string bankName(HashAlgorithm bank) { return std::string(kit::nameOf(bank)); }

class Appraisal {
public:
    Appraisal(const Evidence& evidence, const VerifyTerms& terms, Verified& out)
        : evidence_(evidence), terms_(terms), out_(out), log_(std::move(out.eventLog))
    {
        out_.eventLog.reset();
    }

    void run()
    {
        add(logReplay());
        if (terms_.expectsPcrs())
            add(pcrPolicy());
        add(eventPolicy());
        if (!evidence_.imaLog.empty() || terms_.policy.ima.required || terms_.policy.ima.allow)
            add(checkIma(evidence_, terms_, out_));
    }

private:
    void add(CheckLine line) { out_.lines.push_back(std::move(line)); }

    CheckLine logReplay()
    {
        using check_id::kLogReplay;
        if (!log_)
            return kit::skipped(kLogReplay, "there is no event log");
        if (out_.pcrs.empty())
            return kit::skipped(kLogReplay, std::string(kNoQuote));
        if (!log_->cryptoAgile)
            return kit::unfit(kLogReplay, "log_legacy", "the event log is one of TCG 1.2, with SHA-1 alone",
                              "boot the VM with a TPM 2.0 and a bank besides SHA-1's");
        std::string banks;
        for (const auto& bank : log_->banks)
            if (const auto known = hashOf(bank.algId); known && hasBank(*known)) {
                if (auto fault = replayFault(*known))
                    return std::move(*fault);
                banks += (banks.empty() ? "" : ", ") + bankName(*known);
                reliable_ = reliable_ || *known != HashAlgorithm::Sha1;
            }
        if (!reliable_)
            return kit::unfit(kLogReplay, "replay_bank",
                              "log and quotes have no bank in common, or SHA-1 alone");
        out_.eventLog = std::move(log_);
        return kit::passed(kLogReplay, std::to_string(out_.eventLog->events.size()) +
                                           " events replay to the quoted PCRs (" + banks + ")");
    }

    [[nodiscard]] bool hasBank(HashAlgorithm bank) const
    {
        return std::any_of(out_.pcrs.begin(), out_.pcrs.end(), [&](const auto& p) { return p.bank == bank; });
    }

    [[nodiscard]] std::optional<CheckLine> replayFault(HashAlgorithm bank) const
    {
        using check_id::kLogReplay;
        try {
            const Replay replayed = replay(*log_, bank);
            for (const PcrValue& value : out_.pcrs)
                if (value.bank == bank && isLogged(replayed, value.pcr) &&
                    !kit::equal(value.value.view(), replayed.values[value.pcr].view())) {
                    CheckLine line = kit::failed(kLogReplay, "replay_mismatch",
                                                 "the events do not make PCR " + std::to_string(value.pcr) +
                                                     " of " + bankName(bank));
                    line.expected = kit::toHex(value.value.view());
                    line.actual = kit::toHex(replayed.values[value.pcr].view());
                    return line;
                }
            return std::nullopt;
        } catch (const kit::InputError& e) {
            return kit::unfit(kLogReplay, e.reason(), e.what());
        }
    }

    /// What the log has for a PCR, for whoever must find out what changed.
    [[nodiscard]] std::string eventsOf(std::uint32_t pcr) const
    {
        constexpr std::size_t kMostShown = 8;
        std::string text;
        std::size_t shown = 0;
        if (!out_.eventLog)
            return text;
        for (const Event& event : out_.eventLog->events) {
            if (!event.extends() || event.reg != pcr || shown == kMostShown)
                continue;
            const std::string words = describe(event);
            text += (shown++ == 0 ? "" : "; ") + nameOfType(event.type) + (words.empty() ? "" : " " + words);
        }
        return text;
    }

    CheckLine pcrPolicy()
    {
        using check_id::kPcrPolicy;
        if (out_.pcrs.empty())
            return kit::unfit(kPcrPolicy, "pcr_missing", std::string(kNoQuote));
        const auto best = bestBank(out_.pcrs);
        std::set<std::uint32_t> wanted(terms_.policy.requiredPcrs.begin(), terms_.policy.requiredPcrs.end());
        std::set<std::uint32_t> matched;
        for (const PcrRule& rule : terms_.policy.pcrs) {
            wanted.insert(rule.pcr);
            const PcrValue* value = findPcr(out_.pcrs, rule.bank, rule.pcr);
            if (value == nullptr)
                continue; // another bank may have it
            if (auto fault = ruleFault(rule, *value))
                return std::move(*fault);
            matched.insert(rule.pcr);
        }
        for (const std::uint32_t pcr : wanted) {
            const bool required =
                std::find(terms_.policy.requiredPcrs.begin(), terms_.policy.requiredPcrs.end(), pcr) !=
                terms_.policy.requiredPcrs.end();
            const bool quoted = best && findPcr(out_.pcrs, *best, pcr) != nullptr;
            if (!matched.contains(pcr) && !(required && quoted && !hasRule(pcr)))
                return kit::unfit(kPcrPolicy, "pcr_missing",
                                  "PCR " + std::to_string(pcr) + " is not quoted in a bank that is expected",
                                  "ask for a quote of it as well");
        }
        // A bank that the firmware does not extend is the guest's to fill, and must not be quoted in place of
        // another.
        for (const PcrRule& rule : terms_.policy.pcrs)
            for (const HashAlgorithm bank : terms_.policy.banks)
                if (findPcr(out_.pcrs, bank, rule.pcr) == nullptr)
                    return kit::unfit(kPcrPolicy, "pcr_missing",
                                      "PCR " + std::to_string(rule.pcr) + " is not quoted in the bank " +
                                          bankName(bank) + ", which the TPM has",
                                      "ask for a quote of it as well");
        if (wanted.empty())
            return kit::undecided(kPcrPolicy, "pcr_policy", "no PCR is expected to have a value");
        return kit::passed(kPcrPolicy,
                           std::to_string(matched.size()) + " PCRs have the values they must have");
    }

    [[nodiscard]] bool hasRule(std::uint32_t pcr) const
    {
        return std::any_of(terms_.policy.pcrs.begin(), terms_.policy.pcrs.end(),
                           [&](const PcrRule& rule) { return rule.pcr == pcr; });
    }

    [[nodiscard]] std::optional<CheckLine> ruleFault(const PcrRule& rule, const PcrValue& value) const
    {
        CheckLine line = kit::failed(check_id::kPcrPolicy, "pcr_policy",
                                     "PCR " + std::to_string(rule.pcr) + " of " + bankName(rule.bank) +
                                         " has another value than it must have");
        for (const auto& digest : rule.digests) {
            if (kit::equal(digest, value.value.view()))
                return std::nullopt;
            line.expected += (line.expected.empty() ? "" : " or ") + kit::toHex(digest);
        }
        line.actual = kit::toHex(value.value.view());
        if (const std::string events = eventsOf(rule.pcr); !events.empty())
            line.hint = "the log has for it: " + events;
        return line;
    }

    CheckLine eventPolicy()
    {
        using check_id::kEventPolicy;
        const Policy& policy = terms_.policy;
        const auto best = bestBank(out_.pcrs);
        if (const PcrValue* pcr4 = best ? findPcr(out_.pcrs, *best, 4) : nullptr;
            pcr4 != nullptr && kit::equal(pcr4->value.view(), kernelNotMeasuredPcr4(*best).view())) {
            CheckLine line = kit::failed(kEventPolicy, "kernel_not_measured",
                                         "the firmware started a kernel that it did not measure");
            line.hint = "Secure Boot and a kernel given to QEMU do not go together: boot from a disk, or "
                        "without keys";
            return line;
        }
        if (!policy.asksForEvents())
            return kit::passed(kEventPolicy, "no rule asks for events");
        if (!out_.eventLog || !best)
            return kit::unfit(kEventPolicy, "event_log",
                              "no event log replays to quoted PCRs, so it proves nothing",
                              "hand over the log of the boot that the quote is of (--eventlog)");
        const EventLog& log = *out_.eventLog;
        const HashAlgorithm bank = replayedBank();
        if (auto line = unquoted(bank))
            return std::move(*line);
        if (policy.secureBoot && secureBoot(log, bank) != policy.secureBoot)
            return kit::judged(kEventPolicy, false, "secure_boot",
                               std::string("Secure Boot is not as the policy says"),
                               *policy.secureBoot ? "on" : "off", secureBootText(log, bank));
        if (auto fault = kernelFault(log, bank))
            return std::move(*fault);
        if (!policy.commandLines.empty() &&
            std::none_of(policy.commandLines.begin(), policy.commandLines.end(),
                         [&](const auto& line) { return isCommandLine(log, bank, line); }))
            return kit::judged(kEventPolicy, false, "command_line",
                               "the kernel was started with another command line",
                               policy.commandLines.front());
        return kit::passed(kEventPolicy, "the boot was as the policy says");
    }

    /// A PCR that a rule about events needs, and no quote covers.
    [[nodiscard]] std::optional<CheckLine> unquoted(HashAlgorithm bank) const
    {
        const Policy& policy = terms_.policy;
        const std::uint32_t secure_boot = 7, stub = 9;
        for (const auto& [asked, pcr] : {std::pair(policy.secureBoot.has_value(), secure_boot),
                                         std::pair(!policy.commandLines.empty(), stub)})
            if (asked && !quoted(bank, pcr))
                return kit::unfit(check_id::kEventPolicy, "pcr_missing",
                                  "the policy asks for events of PCR " + std::to_string(pcr) +
                                      ", which is not quoted in the bank " + bankName(bank),
                                  "ask for a quote of it as well");
        return std::nullopt;
    }

    [[nodiscard]] bool quoted(HashAlgorithm bank, std::uint32_t pcr) const
    {
        return findPcr(out_.pcrs, bank, pcr) != nullptr;
    }

    /// The strongest of the banks that log and quotes share.
    [[nodiscard]] HashAlgorithm replayedBank() const
    {
        for (const HashAlgorithm bank : {HashAlgorithm::Sha2_384, HashAlgorithm::Sha2_256})
            if (hasBank(bank) && out_.eventLog->indexOf(bank))
                return bank;
        return HashAlgorithm::Sha2_512;
    }

    static std::string secureBootText(const EventLog& log, HashAlgorithm bank)
    {
        const auto state = secureBoot(log, bank);
        return !state ? "unknown" : *state ? "on" : "off";
    }

    /// The policy's digests are of any bank: each is held against the log's digest of that size.
    [[nodiscard]] std::optional<CheckLine> kernelFault(const EventLog& log, HashAlgorithm bank) const
    {
        if (terms_.policy.kernelDigests.empty())
            return std::nullopt;
        const std::array banks{HashAlgorithm::Sha2_256, HashAlgorithm::Sha2_384, HashAlgorithm::Sha2_512};
        if (std::none_of(banks.begin(), banks.end(), [&](auto one) { return quoted(one, 4); }))
            return kit::unfit(check_id::kEventPolicy, "pcr_missing",
                              "the policy asks for the kernel, and PCR 4 is not quoted",
                              "ask for a quote of it as well");
        CheckLine line = kit::failed(check_id::kEventPolicy, "kernel_digest",
                                     "another kernel was started, or several images were");
        for (const auto& digest : terms_.policy.kernelDigests) {
            line.expected += (line.expected.empty() ? "" : " or ") + kit::toHex(digest);
            for (const HashAlgorithm one : banks) {
                const auto found = quoted(one, 4) ? kernelDigest(log, one) : std::nullopt;
                if (found && kit::equal(*found, digest))
                    return std::nullopt;
            }
        }
        if (const auto found = kernelDigest(log, bank))
            line.actual = kit::toHex(*found);
        return line;
    }

    const Evidence& evidence_;
    const VerifyTerms& terms_;
    Verified& out_;
    std::optional<EventLog> log_;
    bool reliable_ = false;
};

} // namespace

void appraise(const Evidence& evidence, const VerifyTerms& terms, Verified& out)
{
    Appraisal(evidence, terms, out).run();
}

} // namespace teehost::vtpm
