// SPDX-License-Identifier: Apache-2.0
#include "support/sanitizer.h"

#include <algorithm>
#include <array>

namespace teehost::test {

std::string sanitizerReport(std::string_view errors)
{
    // How the reports of AddressSanitizer and LeakSanitizer, ThreadSanitizer and UndefinedBehaviorSanitizer
    // begin; the last is "FILE:LINE:COLUMN: runtime error: ..." with nothing else around it.
    constexpr std::array<std::string_view, 4> kMarks{"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                                                     "WARNING: ThreadSanitizer", ": runtime error: "};
    constexpr std::size_t kShownBytes = 6000;
    auto first = std::string_view::npos;
    for (const auto mark : kMarks)
        first = std::min(first, errors.find(mark));
    if (first == std::string_view::npos)
        return {};
    const auto newline = errors.rfind('\n', first);
    return std::string(errors.substr(newline == std::string_view::npos ? 0 : newline + 1, kShownBytes));
}

} // namespace teehost::test
