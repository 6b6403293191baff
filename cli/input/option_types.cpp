// SPDX-License-Identifier: Apache-2.0
#include "cli/input/option_types.h"

#include <charconv>

#include "cli/failure.h"
#include "cli/input/duration.h"
#include "cli/input/size.h"
#include "host/base/text.h"

namespace teehost::cli {
namespace {

constexpr std::size_t kShownText = 40;

template <class Target, class Parse>
CLI::Option* addParsed(CLI::App& app, const std::string& name, Target& target, Parse parse,
                       const std::string& help)
{
    const auto assign = [&target, parse, name](const std::string& text) {
        try {
            target = parse(text);
        } catch (const UsageFailure& failure) {
            const std::string hint = failure.hint().empty() ? "" : "; " + failure.hint();
            throw CLI::ValidationError(name, failure.what() + hint);
        }
    };
    return app.add_option_function<std::string>(name, assign, help);
}

} // namespace

CLI::Option* addDuration(CLI::App& app, const std::string& name,
                         std::optional<std::chrono::nanoseconds>& target, const std::string& help)
{
    return addParsed(app, name, target, parseDuration, help)->type_name("DURATION");
}

CLI::Option* addSize(CLI::App& app, const std::string& name, std::optional<std::uint64_t>& target,
                     const std::string& help)
{
    return addParsed(app, name, target, parseSize, help)->type_name("SIZE");
}

CLI::Option* addNumber(CLI::App& app, const std::string& name, std::optional<std::uint32_t>& target,
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
    return addParsed(app, name, target, parse, help)->type_name("COUNT");
}

void requireUtf8(CLI::App& app)
{
    for (CLI::Option* option : app.get_options())
        if (option->get_type_name() != "FILE")
            option->check(CLI::Validator(
                [](std::string& text) { return isUtf8(text) ? std::string() : "the value is not UTF-8"; },
                ""));
    for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; }))
        requireUtf8(*command);
}

} // namespace teehost::cli
