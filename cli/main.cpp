// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/stubs/logging.h>

#include "cli/program.h"
#include "host/base/standard_streams.h"

namespace {

/// Runs before the constructors of shared libraries, which open descriptors too (System V gABI,
/// .preinit_array).
[[gnu::section(".preinit_array"), gnu::used]] void (*beforeAnythingIsOpened)() = teehost::openStandardStreams;

} // namespace

int main(int argc, char** argv)
{
    google::protobuf::SetLogHandler(nullptr); // its lines on standard error are for programmers
    return teehost::cli::runProgram(argc, argv);
}
