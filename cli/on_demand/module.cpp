// SPDX-License-Identifier: Apache-2.0
//
// The library's side of library.h.
#include <google/protobuf/stubs/logging.h>

#include "cli/on_demand/library.h"
#include "cli/program.h"

namespace {

using namespace teehost;

int run(int argc, const char* const* argv) noexcept
{
    google::protobuf::SetLogHandler(nullptr); // its lines on standard error are for programmers
    return cli::runProgram(argc, argv, cli::kWholeProgram);
}

constexpr cli::OnDemandEntry kEntry{TEEHOST_ON_DEMAND_VERSION, sizeof(cli::OnDemandEntry),
                                    cli::kOnDemandLayout, run, &attest::kCurl};

} // namespace

extern "C" [[gnu::visibility("default")]] const cli::OnDemandEntry* teehost_on_demand() { return &kEntry; }
