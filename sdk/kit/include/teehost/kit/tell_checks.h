// SPDX-License-Identifier: Apache-2.0
//
// From check lines to the host's sink. The one header of the kit that needs the SDK's C++ layer.
#pragma once

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
        }
    }
}

} // namespace teehost::kit
