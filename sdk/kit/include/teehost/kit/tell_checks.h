// SPDX-License-Identifier: Apache-2.0
//
// From check lines to the host's sink. Needs the SDK's C++ layer.
#pragma once

#include <span>
#include <vector>

#include <teehost/plugin.hpp>

#include "teehost/kit/check_line.h"

namespace teehost::kit {

inline void tell(const std::vector<CheckLine>& lines, sdk::Checks out)
{
    for (const CheckLine& line : lines) {
        const auto value = [](const std::string& text) {
            return text.empty() ? sdk::Value() : sdk::Value(text);
        };
        const sdk::Checks::Compared compared{value(line.expected), value(line.actual)};
        switch (line.outcome) {
        case Outcome::Pass:
            out.pass(line.id, line.message, compared);
            break;
        case Outcome::Fail:
            out.fail(line.id, line.message, line.hint, compared);
            break;
        case Outcome::Warn:
            out.warn(line.id, line.message, line.hint, compared);
            break;
        case Outcome::Skip:
            out.skip(line.id, line.message);
            break;
        case Outcome::Error:
            out.error(line.id, line.message, line.hint);
            break;
        case Outcome::Unfit:
            out.unfit(line.id, line.message, line.hint);
            break;
        }
    }
}

/// Tells a person what to look at first.
inline constexpr std::string_view kUnreadableHint =
    "hand over the evidence as its platform gave it out; this file says nothing of the VM";

/// Tells of evidence that cannot be read at all: the check of its form is unfit, and of the others that are
/// wanted none can be looked at, `because`.
inline void tellUnreadable(std::string_view form, std::string_view why, std::string_view because,
                           std::span<const sdk::Check> declared, const sdk::VerifyRequest& request,
                           sdk::Checks out, std::string_view hint = kUnreadableHint)
{
    out.unfit(form, why, hint);
    for (const sdk::Check& check : declared) {
        const bool asked = (check.flags & TH_CHECK_REQUIRED) != 0 ||
                           ((check.flags & TH_CHECK_IF_REPORT_DATA) != 0 && !request.reportData.empty()) ||
                           ((check.flags & TH_CHECK_IF_EXPECTED) != 0 && !request.expected.empty());
        if (asked && check.id != form && !check.id.ends_with('*')) // of a family nobody knows the members
            out.skip(check.id, because);
    }
}

} // namespace teehost::kit
