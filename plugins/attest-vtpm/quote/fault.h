// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <teehost/kit/check_line.h>

namespace teehost::vtpm {

/// Something that is wrong, for programs and for people.
struct Fault {
    std::string_view reason; ///< a string literal
    std::string message;
    std::string expected{}, actual{};
};

/// The line of the check that found it.
[[nodiscard]] inline kit::CheckLine failedBy(std::string_view check_id, const Fault& fault)
{
    kit::CheckLine line = kit::failed(check_id, fault.reason, fault.message);
    line.expected = fault.expected;
    line.actual = fault.actual;
    return line;
}

} // namespace teehost::vtpm
