// SPDX-License-Identifier: Apache-2.0
//
//   load_test [--vms N] [--clients N] [--seconds S]   VMs created and removed at the same time
//   load_test --adopt N                               N VMs taken up by a daemon after another one died
#include <csignal>
#include <cstdlib>
#include <iostream>

#include <CLI/CLI.hpp>

#include "load/load.h"

int main(int argc, char** argv)
{
    ::setenv("GRPC_VERBOSITY", "NONE", 1);
    ::signal(SIGPIPE, SIG_IGN);
    teehost::test::LoadOptions options;
    std::size_t adopt = 0;
    CLI::App app("Many light VMs at a time");
    app.add_option("--vms", options.vms, "VMs at a time")->capture_default_str();
    app.add_option("--clients", options.clients, "Clients at a time")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--seconds", options.seconds, "How long")->capture_default_str();
    app.add_option("--adopt", adopt, "VMs to be adopted, instead");
    CLI11_PARSE(app, argc, argv);
    try {
        if (adopt != 0)
            teehost::test::runAdoption(adopt);
        else
            teehost::test::runLoad(options);
    } catch (const std::exception& error) {
        std::cerr << "failed: " << error.what() << "\n";
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
