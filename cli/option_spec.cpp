// SPDX-License-Identifier: Apache-2.0
#include "cli/option_spec.h"

#include <CLI/CLI.hpp>

namespace teehost::cli {
namespace {

/// CLI11 tells a check by IsMember as "FORMAT:{text,json}" in the name of the type.
void splitTypeName(const std::string& typeName, OptionSpec& spec)
{
    const auto open = typeName.find(":{");
    spec.value = typeName.substr(0, open);
    if (open == std::string::npos || !typeName.ends_with('}'))
        return;
    spec.choices = CLI::detail::split(typeName.substr(open + 2, typeName.size() - open - 3), ',');
}

} // namespace

OptionSpec describeOption(const CLI::Option& option)
{
    OptionSpec spec;
    for (const auto& name : option.get_snames())
        spec.names.push_back("-" + name);
    for (const auto& name : option.get_lnames())
        spec.names.push_back("--" + name);
    if (option.get_positional())
        spec.names.push_back(option.get_name(true));
    if (option.get_type_size() != 0)
        splitTypeName(option.get_type_name(), spec);
    spec.repeatable = option.get_expected_max() > 1;
    return spec;
}

std::vector<const CLI::Option*> visibleOptions(const CLI::App& app)
{
    return app.get_options(
        [](const CLI::Option* option) { return option->nonpositional() && !option->get_group().empty(); });
}

std::vector<const CLI::Option*> visiblePositionals(const CLI::App& app)
{
    return app.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

} // namespace teehost::cli
