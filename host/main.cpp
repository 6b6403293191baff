// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdlib>

#include "host/app.h"
#include "host/base/standard_streams.h"

namespace {

/// Runs before the constructors of shared libraries, which open descriptors too (System V gABI,
/// .preinit_array).
[[gnu::section(".preinit_array"), gnu::used]] void (*beforeAnythingIsOpened)() = teehost::openStandardStreams;

} // namespace

int main(int argc, char** argv)
{
    // Before any thread exists: every thread inherits the mask, so that these signals reach only the one that
    // waits for them. A client or QEMU that closes its end must be an error code, not a signal.
    sigset_t waitedFor;
    sigemptyset(&waitedFor);
    for (const int number : {SIGINT, SIGQUIT, SIGTERM})
        sigaddset(&waitedFor, number);
    ::pthread_sigmask(SIG_BLOCK, &waitedFor, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGHUP, SIG_IGN); // a terminal that closes must not leave VMs behind
    // tpm2-tss, which plugins may use, writes to stderr unless told otherwise.
    ::setenv("TSS2_LOG", "all+none", 0);
    teehost::App app;
    return app.run(argc, argv);
}
