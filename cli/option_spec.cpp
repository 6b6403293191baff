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
    spec.description = option.get_description();
    spec.group = option.get_group();
    spec.shownAs = option.get_option_text();
    spec.variable = option.get_envname();
    spec.repeatable = option.get_expected_max() > 1;
    spec.required = option.get_required();
    return spec;
}

} // namespace

CommandSpec describeCommand(const CLI::App& app)
{
    CommandSpec spec;
    spec.name = app.get_name();
    spec.description = app.get_description();
    spec.footer = app.get_footer();
    for (const auto* option : app.get_options()) {
        if (option->get_positional())
            spec.positionals.push_back(describeOption(*option));
        if (option->nonpositional() && !option->get_group().empty())
            spec.options.push_back(describeOption(*option));
    }
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
        spec.commands.push_back(describeCommand(*command));
    return spec;
}

} // namespace teehost::cli
