// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/environment.h"

#include <algorithm>

namespace teehost::guest {
namespace {

// Not <cctype>: its answers depend on the locale, and its argument must not be negative.
bool isLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

bool isNameByte(char c) { return isLetter(c) || (c >= '0' && c <= '9'); }

bool isName(std::string_view text)
{
    return !text.empty() && text.size() <= kMaxNameBytes && isLetter(text.front()) &&
           std::all_of(text.begin(), text.end(), isNameByte);
}

/// Why `line` is no variable of its own, or nothing after it was added.
std::optional<std::string_view> addLine(Environment& environment, std::string_view line)
{
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
        return "no '=' in the line";
    const auto name = line.substr(0, equals);
    const auto value = line.substr(equals + 1);
    if (!isName(name))
        return "not a variable's name";
    if (value.find('\0') != std::string_view::npos)
        return "a NUL in the value";
    if (environment.find(name))
        return "a variable given twice; the first stays";
    environment.variables.push_back({std::string(name), std::string(value)});
    return std::nullopt;
}

} // namespace

std::optional<std::string_view> Environment::find(std::string_view name) const
{
    const auto it = std::find_if(variables.begin(), variables.end(),
                                 [&](const Variable& variable) { return variable.name == name; });
    if (it == variables.end())
        return std::nullopt;
    return it->value;
}

Environment unreadEnvironment() { return {{}, {{0, "the file was not read"}}}; }

Environment parseEnvironment(std::string_view text)
{
    Environment environment;
    if (text.size() > kMaxEnvironmentBytes) {
        // The cut may go through a value, and half of a value is worse than none.
        const auto lastEnd = text.substr(0, kMaxEnvironmentBytes).rfind('\n');
        text = text.substr(0, lastEnd == std::string_view::npos ? 0 : lastEnd);
        environment.problems.push_back({0, "the file is too long; its end was not read"});
    }
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.empty())
            continue;
        if (environment.variables.size() + environment.problems.size() >= kMaxVariables) {
            environment.problems.push_back({number, "too many lines; the rest was not read"});
            break;
        }
        if (const auto reason = addLine(environment, line))
            environment.problems.push_back({number, *reason});
    }
    return environment;
}

} // namespace teehost::guest
