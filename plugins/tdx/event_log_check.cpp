// SPDX-License-Identifier: Apache-2.0
#include "tdx/event_log_check.h"

#include <algorithm>
#include <string>

#include <teehost/kit/input_error.h>

#include "tdx/measure/reference_values.h"
#include "tdx/quote/checks.h"

namespace teehost::tdx {
namespace {

using kit::CheckLine;

constexpr const char* kRtmr0Check = "tdx.measurement.rtmr0";

const th_named* find(std::span<const th_named> reference, std::string_view key)
{
    const auto it = std::find_if(reference.begin(), reference.end(),
                                 [&](const th_named& one) { return sdk::view(one.key) == key; });
    return it == reference.end() ? nullptr : &*it;
}

std::string rtmrName(std::size_t index) { return "RTMR" + std::to_string(index); }

/// The template with the ACPI tables that a log names in the places that are zeros; nothing when it has not
/// just these places.
std::optional<TdEvents> filled(kit::ByteView digests, const AcpiTables& acpi)
{
    constexpr std::size_t kSize = std::tuple_size_v<kit::Sha384Digest>;
    const std::array<const kit::Sha384Digest*, 3> tables{&acpi.loader, &acpi.rsdp, &acpi.tables};
    std::size_t used = 0;
    TdEvents events;
    if (digests.empty() || digests.size() % kSize != 0)
        return std::nullopt;
    for (std::size_t at = 0; at < digests.size(); at += kSize) {
        const kit::ByteView digest = digests.subspan(at, kSize);
        TdEvent event;
        if (!kit::isZero(digest))
            std::copy(digest.begin(), digest.end(), event.digest.begin());
        else if (used < tables.size())
            event.digest = *tables[used++];
        else
            return std::nullopt;
        events.push_back(event);
    }
    return used == tables.size() ? std::optional(std::move(events)) : std::nullopt;
}

} // namespace

LogAppraisal::LogAppraisal(const std::array<kit::Sha384Digest, kRtmrs>& rtmrs,
                           std::optional<kit::ByteView> log, const Policy& policy)
    : rtmrs_(rtmrs), bytes_(log), policy_(policy)
{
}

std::vector<CheckLine> LogAppraisal::run(std::span<const th_named> reference,
                                         const std::vector<sdk::RegisterValue>& expected)
{
    std::vector<CheckLine> out;
    if (bytes_)
        out.push_back(replay());
    const bool given =
        std::any_of(expected.begin(), expected.end(), [](const auto& one) { return one.name == "RTMR0"; });
    if (auto line = given ? std::nullopt : rtmr0ByLog(reference)) {
        rtmr0Judged_ = true;
        out.push_back(*std::move(line));
    }
    if (auto line = unpredicted(reference, expected))
        out.push_back(*std::move(line));
    return out;
}

/// The event's types and data are the guest's word; only that its digests make the registers is proved.
CheckLine LogAppraisal::replay()
{
    try {
        const kit::EventLog log = parseTdLog(*bytes_);
        const Rtmrs made = replayRtmrs(log);
        for (std::size_t i = 0; i < kRtmrs; ++i) {
            if (kit::equal(made[i], rtmrs_[i]))
                continue;
            CheckLine line = kit::judged(check_id::kEventLog, false, "LOG_REPLAY",
                                         "the event log does not make " + rtmrName(i) + " of the quote",
                                         kit::toHex(made[i]), kit::toHex(rtmrs_[i]));
            line.hint = "give the log of the boot that the quote is of, taken no earlier than the quote";
            return line;
        }
        acpi_ = acpiOf(log);
        events_ = log.events.size();
        return kit::passed(check_id::kEventLog, "the event log makes RTMR0 to RTMR3: " +
                                                    std::to_string(log.events.size()) + " events");
    } catch (const kit::InputError& e) {
        return kit::unfit(check_id::kEventLog, "LOG_MALFORMED", e.what(),
                          "hand over the log as it lies in /sys/firmware/acpi/tables/data/CCEL");
    }
}

std::optional<CheckLine> LogAppraisal::rtmr0ByLog(std::span<const th_named> reference) const
{
    const th_named* digests = find(reference, reference::kRtmr0Events);
    if (digests == nullptr || digests->value.type != TH_T_BYTES || policy_.acpi != AcpiTrust::Log || !acpi_)
        return std::nullopt;
    const auto events = filled(sdk::view(digests->value.b), *acpi_);
    if (!events)
        return kit::undecided(kRtmr0Check, "REFERENCE",
                              "the reference value tdx.rtmr0_events is not what measure emits");
    const kit::Sha384Digest wanted = rtmrOf(*events);
    const bool kept = kit::equal(wanted, rtmrs_[0]);
    return kit::judged(
        kRtmr0Check, kept, "RTMR0",
        kept ? "RTMR0 is as expected but for its ACPI tables, which are what the event log names "
               "(log-only: nobody checked them)"
             : "RTMR0 is not as expected, whatever its ACPI tables are",
        kit::toHex(wanted), kit::toHex(rtmrs_[0]));
}

/// Why nothing that can be relied on says what this RTMR must be; nothing when something does.
std::optional<std::string> LogAppraisal::whyOpen(std::size_t index, std::span<const th_named> reference,
                                                 const std::vector<sdk::RegisterValue>& expected) const
{
    if (!policy_.rtmr[index].empty() || (index == 0 && rtmr0Judged_))
        return std::nullopt;
    const auto text = [&](std::string_view key) -> std::optional<std::string> {
        const th_named* value = find(reference, key);
        return value == nullptr ? std::nullopt : std::optional<std::string>(sdk::view(value->value.s));
    };
    if (index == 0 && text(reference::kAcpi) == nameOf(AcpiOrigin::Log) && policy_.acpi != AcpiTrust::Log)
        return "its ACPI tables are those that an event log names, and nobody checked them";
    const bool given = std::any_of(expected.begin(), expected.end(),
                                   [&](const auto& one) { return one.name == rtmrName(index); });
    return given ? std::nullopt
                 : text(std::string(reference::kUnpredictable) + "rtmr" + std::to_string(index));
}

std::optional<CheckLine> LogAppraisal::unpredicted(std::span<const th_named> reference,
                                                   const std::vector<sdk::RegisterValue>& expected) const
{
    constexpr std::size_t kOfTheBoot = 3; // RTMR3 is the guest's own
    std::string left, why;
    for (std::size_t i = 0; i < kOfTheBoot; ++i) {
        auto its = whyOpen(i, reference, expected);
        if (!its)
            continue;
        left += (left.empty() ? "" : ", ") + rtmrName(i);
        why = *std::move(its);
    }
    if (left.empty())
        return std::nullopt;
    const std::string message = left + " could not be predicted: " + why;
    constexpr const char* kHint =
        "give the registers in the policy (rtmr0 to rtmr2), or what they depend on to measure; a policy with "
        "\"acpi\": \"log\" takes the ACPI tables of an event log; one with \"unpredicted\": \"ignore\" does "
        "without";
    if (policy_.unpredicted == Unpredicted::Refuse)
        return kit::undecided(check_id::kUnpredicted, "UNPREDICTED", message, kHint);
    CheckLine line{
        std::string(check_id::kUnpredicted), kit::Outcome::Warn, {}, message + "; the policy does without"};
    line.hint = kHint;
    return line;
}

} // namespace teehost::tdx
