// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/cvms/report.h"

#include <algorithm>
#include <utility>

namespace teehost::guest {
namespace {

constexpr std::pair<std::string_view, LogLevel> kLevels[] = {
    {"DEBUG", LogLevel::Debug},     {"INFO", LogLevel::Info},   {"WARN", LogLevel::Warning},
    {"WARNING", LogLevel::Warning}, {"ERROR", LogLevel::Error},
};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

} // namespace

std::string_view nameOf(LogLevel level) noexcept
{
    return std::find_if(std::begin(kLevels), std::end(kLevels),
                        [&](const auto& entry) { return entry.second == level; })
        ->first;
}

std::optional<LogLevel> parseLogLevel(std::string_view text) noexcept
{
    for (const auto& [name, level] : kLevels)
        if (std::equal(name.begin(), name.end(), text.begin(), text.end(),
                       [](char expected, char given) { return expected == upper(given); }))
            return level;
    return std::nullopt;
}

} // namespace teehost::guest
