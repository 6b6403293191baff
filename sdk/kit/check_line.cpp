// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/check_line.h"

#include <algorithm>

namespace teehost::kit {

CheckLine passed(std::string_view id, std::string message)
{
    return {std::string(id), Outcome::Pass, {}, std::move(message)};
}

CheckLine failed(std::string_view id, std::string_view reason, std::string message)
{
    return {std::string(id), Outcome::Fail, std::string(reason), std::move(message)};
}

CheckLine failed(std::string_view id, const Fault& fault)
{
    CheckLine line = failed(id, fault.reason, fault.message);
    line.expected = fault.expected;
    line.actual = fault.actual;
    return line;
}

CheckLine skipped(std::string_view id, std::string why)
{
    return {std::string(id), Outcome::Skip, {}, std::move(why)};
}

CheckLine undecided(std::string_view id, std::string_view reason, std::string why, std::string hint)
{
    return {std::string(id), Outcome::Error, std::string(reason), std::move(why), std::move(hint)};
}

CheckLine unfit(std::string_view id, std::string_view reason, std::string why, std::string hint)
{
    return {std::string(id), Outcome::Unfit, std::string(reason), std::move(why), std::move(hint)};
}

CheckLine judged(std::string_view id, bool kept, std::string_view reason, std::string message,
                 std::string expected, std::string actual)
{
    return {std::string(id),
            kept ? Outcome::Pass : Outcome::Fail,
            kept ? "" : std::string(reason),
            std::move(message),
            {},
            std::move(expected),
            std::move(actual)};
}

namespace {

const CheckLine* firstOf(const std::vector<CheckLine>& lines, Outcome outcome) noexcept
{
    const auto it =
        std::find_if(lines.begin(), lines.end(), [&](const CheckLine& l) { return l.outcome == outcome; });
    return it == lines.end() ? nullptr : &*it;
}

} // namespace

const CheckLine* firstFailure(const std::vector<CheckLine>& lines) noexcept
{
    return firstOf(lines, Outcome::Fail);
}

const CheckLine* firstObjection(const std::vector<CheckLine>& lines) noexcept
{
    for (const Outcome outcome : {Outcome::Fail, Outcome::Unfit, Outcome::Error})
        if (const CheckLine* line = firstOf(lines, outcome))
            return line;
    return nullptr;
}

} // namespace teehost::kit
