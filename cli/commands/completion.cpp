// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "cli/completion/bash.h"

namespace teehost::cli {
namespace {

constexpr const char* kExamples = R"(  source <(teehost completion bash)
  teehost completion bash > ~/.local/share/bash-completion/completions/teehost)";

} // namespace

void addCompletion(CLI::App& app, Session& session)
{
    CLI::App& command = newCommand(app, "completion", kExamples);
    const auto shell = std::make_shared<std::string>();
    command.add_option("SHELL", *shell, "The shell")
        ->required()
        ->type_name("SHELL")
        ->check(CLI::IsMember({"bash"}));
    command.callback([shell, &app, &session] { session.out() << bashCompletion(app); });
}

} // namespace teehost::cli
