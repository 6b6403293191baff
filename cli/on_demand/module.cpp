// SPDX-License-Identifier: Apache-2.0
//
// The library's side of library.h.
#include <google/protobuf/stubs/logging.h>

#include "cli/commands/commands.h"
#include "cli/on_demand/library.h"
#include "cli/program.h"

namespace {

using namespace teehost;

int run(int argc, const char* const* argv) noexcept
{
    google::protobuf::SetLogHandler(nullptr); // its lines on standard error are for programmers
    return cli::runProgram(argc, argv, cli::addOnDemandCommands);
}

constexpr cli::OnDemandEntry kEntry{{TEEHOST_VERSION, sizeof(cli::OnDemandEntry)}, run};

} // namespace

extern "C" [[gnu::visibility("default")]] const teehost::OwnLibraryEntry* teehost_on_demand()
{
    return &kEntry.own;
}
