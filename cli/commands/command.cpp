// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

namespace teehost::cli {

CLI::App& newCommand(CLI::App& app, const std::string& name, const std::string& description,
                     const std::string& examples)
{
    CLI::App& command = *app.add_subcommand(name, description);
    command.footer("Examples:\n" + examples);
    command.get_help_ptr()->group(""); // listed with the global options
    return command;
}

} // namespace teehost::cli
