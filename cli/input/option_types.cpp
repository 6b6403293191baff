// SPDX-License-Identifier: Apache-2.0
#include "cli/input/option_types.h"

#include <charconv>

#include "cli/failure.h"
#include "cli/input/duration.h"
#include "cli/input/size.h"

namespace teehost::cli {
namespace {

constexpr std::size_t kShownText = 40;

template <class Target, class Parse>
Option addParsed(const Command& command, const std::string& names, Target& target, Parse parse,
                 const std::string& help)
{
    return command.option(
        names, [&target, parse](const std::string& text) { target = parse(text); }, help);
}

} // namespace

Option addDuration(const Command& command, const std::string& name,
                   std::optional<std::chrono::nanoseconds>& target, const std::string& help)
{
    return addParsed(command, name, target, parseDuration, help).value("DURATION");
}

Option addSize(const Command& command, const std::string& name, std::optional<std::uint64_t>& target,
               const std::string& help)
{
    return addParsed(command, name, target, parseSize, help).value("SIZE");
}

Option addNumber(const Command& command, const std::string& name, std::optional<std::uint32_t>& target,
                 std::uint32_t least, std::uint32_t most, const std::string& help)
{
    const auto parse = [least, most](const std::string& text) {
        std::uint32_t value = 0;
        const char* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        if (error != std::errc() || stop != end || value < least || value > most)
            throw UsageFailure(text.substr(0, kShownText) + " is not a whole number from " +
                               std::to_string(least) + " to " + std::to_string(most));
        return value;
    };
    return addParsed(command, name, target, parse, help).value("COUNT");
}

} // namespace teehost::cli
