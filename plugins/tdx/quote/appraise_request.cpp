// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <map>

#include <teehost/kit/bound_data.h>

#include "tdx/measure/reference_values.h"
#include "tdx/quote/appraisal.h"
#include "tdx/quote/checks.h"
#include "tdx/quote/td_fields.h"

namespace teehost::tdx {
namespace {

using kit::CheckLine, kit::judged, kit::undecided;

/// The field that a register of measure is: MRTD where no name is given.
std::optional<kit::ByteView> registerNamed(const TdReport& report, std::string_view name)
{
    if (name == "MRTD")
        return fieldNamed(report, "mr_td");
    return name.starts_with("RTMR") ? fieldNamed(report, kit::lowered(name)) : std::nullopt;
}

bool has(const sdk::VerifyRequest& request, std::string_view key)
{
    return std::any_of(request.reference.begin(), request.reference.end(),
                       [&](const th_named& one) { return sdk::view(one.key) == key; });
}

/// A register of which nobody has seen what this firmware or kernel extends it with.
CheckLine unexamined(std::string_view name, const std::string& wanted, kit::ByteView actual)
{
    CheckLine line = undecided(
        std::string(check_id::kMeasurementPrefix) + kit::lowered(name), "UNEXAMINED",
        std::string(name) +
            " is none of the values that firmware and kernel like these would lead to; these were not "
            "examined, so that proves nothing",
        "name the firmware's profile when measuring (tdx.firmware_profile), or give the register");
    line.expected = wanted;
    line.actual = kit::toHex(actual);
    return line;
}

/// One check a register; several values of one are any of them.
std::vector<CheckLine> measurements(const TdReport& report, const sdk::VerifyRequest& request)
{
    const std::vector<sdk::RegisterValue>& expected = request.expected;
    std::map<std::string_view, std::vector<sdk::ByteView>> byName;
    for (const auto& one : expected)
        byName[one.name.empty() ? "MRTD" : one.name].push_back(one.digest);
    std::vector<CheckLine> out;
    for (const auto& [name, digests] : byName) {
        const auto actual = registerNamed(report, name);
        if (!actual) {
            out.push_back(undecided(std::string(check_id::kMeasurementPrefix) + "unknown", "REGISTER",
                                    "a TD has no register \"" + kit::shownText(name) + "\"",
                                    "its registers are MRTD and RTMR0 to RTMR3"));
            break; // one such check is enough, and each id is told once
        }
        const auto other = std::find_if(digests.begin(), digests.end(),
                                        [&](auto digest) { return digest.size() != actual->size(); });
        if (other != digests.end()) {
            out.push_back(undecided(
                std::string(check_id::kMeasurementPrefix) + kit::lowered(name), "REGISTER",
                std::string(name) + " has " + std::to_string(actual->size()) +
                    " bytes (SHA-384), the value that is expected has " + std::to_string(other->size()),
                "give the registers that `teehost measure --backend tdx` computes"));
            continue;
        }
        bool kept = false;
        std::string wanted;
        for (const auto digest : digests) {
            kept = kept || kit::equal(digest, *actual);
            wanted += (wanted.empty() ? "" : " or ") + kit::toHex(digest);
        }
        if (!kept && has(request, std::string(reference::kUnexamined) + kit::lowered(name))) {
            out.push_back(unexamined(name, wanted, *actual));
            continue;
        }
        out.push_back(judged(std::string(check_id::kMeasurementPrefix) + kit::lowered(name), kept, name,
                             std::string(name) + (kept ? " is as expected" : " is not as expected"), wanted,
                             kit::toHex(*actual)));
    }
    return out;
}

/// A reference value as the bytes of a field: bytes, their hexadecimal, or a number for bit fields.
std::optional<kit::Bytes> bytesOf(const th_value& value)
{
    const auto ofNumber = [](std::uint64_t number) {
        const Bits bits = bitsOf(number);
        return kit::Bytes(bits.begin(), bits.end());
    };
    switch (value.type) {
    case TH_T_UINT:
        return ofNumber(value.u);
    case TH_T_BYTES: {
        const auto bytes = sdk::view(value.b);
        return kit::Bytes(bytes.begin(), bytes.end());
    }
    case TH_T_STRING: {
        const std::string_view text = sdk::view(value.s);
        if (!text.starts_with("0x"))
            return kit::fromHex(text);
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), number, 16);
        if (text.size() == 2 || error != std::errc() || end != text.data() + text.size())
            return std::nullopt;
        return ofNumber(number);
    }
    default:
        return std::nullopt;
    }
}

CheckLine referenceCheck(const TdReport& report, const th_named& given)
{
    constexpr std::string_view kPrefix = "tdx.";
    const std::string_view key = sdk::view(given.key);
    const std::string_view name = key.starts_with(kPrefix) ? key.substr(kPrefix.size()) : std::string_view();
    const auto actual = fieldNamed(report, name);
    const auto expected = bytesOf(given.value);
    if (!actual || !expected)
        return undecided(std::string(check_id::kReferencePrefix) + "unknown", "REFERENCE",
                         "the reference value \"" + kit::shownText(key) + "\" is not one of a TD");
    const bool kept = kit::equal(*expected, *actual);
    return judged(std::string(check_id::kReferencePrefix) + std::string(name), kept, "REFERENCE",
                  std::string(key) + (kept ? " is" : " is not") + " as it was measured",
                  kit::toHex(*expected), kit::toHex(*actual));
}

/// Whether a register ("MRTD", "RTMR1") is held against anything.
bool isCompared(std::string_view name, const std::vector<kit::Bytes>& rule, const sdk::VerifyRequest& request)
{
    const std::string field = name == "MRTD" ? "tdx.mr_td" : "tdx." + kit::lowered(name);
    return !rule.empty() ||
           std::any_of(request.expected.begin(), request.expected.end(),
                       [&](const auto& one) { return (one.name.empty() ? "MRTD" : one.name) == name; }) ||
           has(request, field);
}

/// Without any, a verdict says that it is a TD, and not which one; MRTD alone is that of a firmware, which
/// may have booted anything.
CheckLine identity(const Policy& policy, const sdk::VerifyRequest& request)
{
    const auto warned = [](const char* message, const char* hint) {
        return CheckLine{std::string(check_id::kIdentity), kit::Outcome::Warn, {}, message, hint};
    };
    if (!isCompared("MRTD", policy.mrTd, request))
        return warned("no measurement is compared: this may be any TD",
                      "give the MRTD that is expected (teehost measure), or a policy with mr_td");
    if (!isCompared("RTMR1", policy.rtmr[1], request) || !isCompared("RTMR2", policy.rtmr[2], request))
        return warned("only the firmware is compared: the host may have it boot anything",
                      "give RTMR1 and RTMR2 as well (teehost measure), or a policy with rtmr1 and rtmr2");
    return kit::passed(check_id::kIdentity,
                       "the TD's firmware, kernel, initrd and command line are compared");
}

} // namespace

std::vector<CheckLine> appraiseRequest(const TdReport& report, const Policy& policy,
                                       const sdk::VerifyRequest& request)
{
    std::vector<CheckLine> out;
    if (!request.reportData.empty())
        out.push_back(
            kit::boundDataCheck(check_id::kReportData, "REPORT_DATA", request.reportData, report.reportData));
    out.push_back(identity(policy, request));
    for (CheckLine& line : measurements(report, request))
        out.push_back(std::move(line));
    bool unknown = false;
    for (const th_named& given : request.reference) {
        if (sdk::view(given.key).starts_with(reference::kUnexamined))
            continue;
        CheckLine line = referenceCheck(report, given);
        if (line.outcome != kit::Outcome::Error || !std::exchange(unknown, true)) // one such check is enough
            out.push_back(std::move(line));
    }
    return out;
}

} // namespace teehost::tdx
