// SPDX-License-Identifier: Apache-2.0
//
// The command-line client, run as a program against a daemon.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/daemon.h"

namespace teehost::test {

[[nodiscard]] Command cliCommand(const Daemon& daemon, const std::vector<std::string>& arguments);

[[nodiscard]] Finished runCli(const Stage& stage, const Daemon& daemon,
                              const std::vector<std::string>& arguments,
                              const std::map<std::string, std::string>& environment = {});

} // namespace teehost::test
