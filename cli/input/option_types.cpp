// SPDX-License-Identifier: Apache-2.0
#include "cli/input/option_types.h"

#include "cli/failure.h"
#include "cli/input/duration.h"
#include "cli/input/size.h"

namespace teehost::cli {
namespace {

template <class Target, class Parse>
CLI::Option* addParsed(CLI::App& app, const std::string& name, Target& target, Parse parse,
                       const std::string& help)
{
    const auto assign = [&target, parse, name](const std::string& text) {
        try {
            target = parse(text);
        } catch (const UsageFailure& failure) {
            throw CLI::ValidationError(name, std::string(failure.what()) + "; " + failure.hint());
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

} // namespace teehost::cli
