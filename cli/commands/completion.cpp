// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <memory>

#include "cli/completion/bash.h"

namespace teehost::cli {
namespace {

constexpr const char* kExamples = R"(  source <(teehost completion bash)
  teehost completion bash > ~/.local/share/bash-completion/completions/teehost)";

} // namespace

void addCompletion(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "completion", kExamples);
    const auto shell = std::make_shared<std::string>();
    command.option("SHELL", *shell, "The shell").required().value("SHELL").oneOf({"bash"});
    command.onRun([shell, &app, &session] { session.out() << bashCompletion(describeCommand(app)); });
}

} // namespace teehost::cli
