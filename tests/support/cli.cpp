// SPDX-License-Identifier: Apache-2.0
#include "support/cli.h"

namespace teehost::test {

Command cliCommand(const Daemon& daemon, const std::vector<std::string>& arguments)
{
    Command command{.argv = {TEEHOST_TEST_CLI, "--url", daemon.grpcAddress()}};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    return command;
}

Finished runCli(const Stage& stage, const Daemon& daemon, const std::vector<std::string>& arguments,
                const std::map<std::string, std::string>& environment)
{
    auto command = cliCommand(daemon, arguments);
    command.environment = environment;
    return runCommand(command, stage.scratch.path());
}

} // namespace teehost::test
