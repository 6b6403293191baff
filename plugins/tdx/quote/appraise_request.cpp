// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <map>

#include <teehost/kit/bound_data.h>

#include "tdx/quote/appraisal.h"
#include "tdx/quote/checks.h"
#include "tdx/quote/td_fields.h"

namespace teehost::tdx {
namespace {

using kit::CheckLine, kit::judged, kit::undecided;

std::string lowered(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

/// The field that a register of measure is: MRTD where no name is given.
std::optional<kit::ByteView> registerNamed(const TdReport& report, std::string_view name)
{
    if (name == "MRTD")
        return fieldNamed(report, "mr_td");
    return name.starts_with("RTMR") ? fieldNamed(report, lowered(name)) : std::nullopt;
}

/// One check a register; several values of one are any of them.
std::vector<CheckLine> measurements(const TdReport& report, const std::vector<sdk::RegisterValue>& expected)
{
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
        bool kept = false;
        std::string wanted;
        for (const auto digest : digests) {
            kept = kept || kit::equal(digest, *actual);
            wanted += (wanted.empty() ? "" : " or ") + kit::toHex(digest);
        }
        out.push_back(judged(std::string(check_id::kMeasurementPrefix) + lowered(name), kept, name,
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

CheckLine reference(const TdReport& report, const th_named& given)
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

/// Without any, a verdict says that it is a TD, and not which one.
CheckLine identity(const Policy& policy, const sdk::VerifyRequest& request)
{
    using check_id::kIdentity;
    const bool compares = !policy.mrTd.empty() ||
                          std::any_of(request.expected.begin(), request.expected.end(),
                                      [](const auto& one) { return one.name.empty() || one.name == "MRTD"; });
    if (compares)
        return kit::passed(kIdentity, "the TD's initial contents are compared");
    return {std::string(kIdentity),
            kit::Outcome::Warn,
            {},
            "no measurement is compared: this may be any TD",
            "give the MRTD that is expected (teehost measure), or a policy with mr_td"};
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
    for (CheckLine& line : measurements(report, request.expected))
        out.push_back(std::move(line));
    bool unknown = false;
    for (const th_named& given : request.reference) {
        CheckLine line = reference(report, given);
        if (line.outcome != kit::Outcome::Error || !std::exchange(unknown, true)) // one such check is enough
            out.push_back(std::move(line));
    }
    return out;
}

} // namespace teehost::tdx
