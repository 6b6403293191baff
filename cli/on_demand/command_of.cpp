// SPDX-License-Identifier: Apache-2.0
#include "cli/on_demand/command_of.h"

#include <algorithm>

#include "cli/session.h"

namespace teehost::cli {

std::string_view commandOf(int argc, const char* const* argv) noexcept
{
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (!word.starts_with('-'))
            return word;
        if (std::find(kGlobalOptions.begin(), kGlobalOptions.end(), word) != kGlobalOptions.end())
            ++i; // past its value
    }
    return {};
}

} // namespace teehost::cli
