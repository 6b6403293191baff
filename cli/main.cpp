// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <exception>
#include <iostream>
#include <string_view>

#include "cli/commands/catalogue.h"
#include "cli/commands/commands.h"
#include "cli/failure.h"
#include "cli/on_demand/command_of.h"
#include "cli/on_demand/library.h"
#include "cli/program.h"
#include "host/base/openssl_start.h"
#include "host/base/standard_streams.h"

namespace {

using namespace teehost;

/// Runs before the constructors of shared libraries, which open descriptors too (System V gABI,
/// .preinit_array).
[[gnu::section(".preinit_array"), gnu::used]] void (*beforeAnythingIsOpened)() = openStandardStreams;

/// Tells that the command has no TLS to do, whatever its options are for: TLS and the making of keys get
/// OpenSSL as a whole.
bool worksOffline(std::string_view command, int argc, const char* const* argv)
{
    const auto isGiven = [&](std::string_view option) { return std::count(argv, argv + argc, option) != 0; };
    return command == "measure" || command == "inspect" || command == "explain" ||
           (command == "verify" && isGiven("--offline"));
}

int runOnDemand(int argc, const char* const* argv)
{
    try {
        return cli::onDemand().run(argc, argv);
    } catch (const cli::Failure& failure) {
        std::cerr << cli::describeFailure(failure.what(), failure.hint());
        return static_cast<int>(failure.code());
    } catch (const std::exception& error) {
        std::cerr << cli::describeFailure(error.what(), "");
        return static_cast<int>(cli::ExitCode::Failed);
    }
}

} // namespace

int main(int argc, char** argv)
{
    const std::string_view name = cli::commandOf(argc, argv);
    const auto* command = cli::findCommand(name);
    if (command != nullptr && command->runs == cli::Runs::OnDemand)
        return runOnDemand(argc, argv);
    if (worksOffline(name, argc, argv))
        startOpensslForChecks();
    return cli::runProgram(argc, argv, cli::addOnDemandNames);
}
