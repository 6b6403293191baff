// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <stdexcept>

#include "cli/commands/catalogue.h"

namespace teehost::cli {

CLI::App& newCommand(CLI::App& app, const std::string& name, const std::string& examples)
{
    const auto* line = findCommand(name);
    if (line == nullptr)
        throw std::logic_error("the command " + name + " is not in the catalogue");
    CLI::App& command = *app.add_subcommand(name, std::string(line->description));
    command.footer("Examples:\n" + examples);
    command.get_help_ptr()->group(""); // listed with the global options
    return command;
}

} // namespace teehost::cli
