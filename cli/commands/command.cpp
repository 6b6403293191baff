// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <stdexcept>

#include <CLI/CLI.hpp>

#include "cli/commands/catalogue.h"

namespace teehost::cli {

Command newCommand(CLI::App& app, const std::string& name, const std::string& examples)
{
    const auto* line = findCommand(name);
    if (line == nullptr)
        throw std::logic_error("the command " + name + " is not in the catalogue");
    CLI::App& command = *app.add_subcommand(name, std::string(line->description));
    command.footer("Examples:\n" + examples);
    command.get_help_ptr()->group(""); // listed with the global options
    return Command(command);
}

void addOnDemandNames(CLI::App& app, Session&)
{
    for (const auto& command : kCommands)
        if (command.runs == Runs::OnDemand)
            app.add_subcommand(std::string(command.name), std::string(command.description));
}

} // namespace teehost::cli
