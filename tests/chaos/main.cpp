// SPDX-License-Identifier: Apache-2.0
//
// teehost-chaos: drives the real daemon with random operations, kills it at random instants, starts it again,
// and after every round holds it, the machine, the store and what clients were told against each other.
//
//   teehost-chaos [--seed N] [--from N] [--rounds N] [--minutes M]
//
// A seed decides the operations, their parameters and what goes wrong when, not how the threads of clients,
// daemon and QEMU interleave: the same seed gives the same attack, which may take some tries to strike again.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>

#include <CLI/CLI.hpp>

#include "chaos/runner.h"
#include "support/failure_notes.h"
#include "support/files.h"

namespace teehost::test {
namespace {

struct Options {
    std::uint64_t seed = 0;
    std::uint64_t from = 0;
    std::uint64_t rounds = 200;
    double minutes = 0;
};

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

int run(const Options& options, const char* program)
{
    constexpr std::uint64_t kProgressEvery = 25;
    std::cerr << "seed " << options.seed << "\n";
    const auto start = Clock::now();
    std::unique_ptr<Runner> runner;
    std::uint64_t number = options.from;
    const auto more = [&] {
        return options.minutes > 0 ? secondsSince(start) < options.minutes * 60
                                   : number < options.from + options.rounds;
    };
    try {
        runner = std::make_unique<Runner>(options.seed);
        for (; more(); ++number) {
            runner->round(number);
            if ((number + 1 - options.from) % kProgressEvery == 0)
                std::cerr << number + 1 - options.from << " rounds, " << secondsSince(start) << " s\n";
        }
        runner->finish();
    } catch (const std::exception& error) {
        printNotes();
        if (runner)
            for (const auto& log : runner->world().logs())
                std::cerr << "---- daemon log " << log << "\n" << readFile(log);
        // Last, where whoever shortens the output looks.
        std::cerr << "---- the round: " << planRound(options.seed, number) << "\n"
                  << "---- again: " << program << " --seed " << options.seed << " --rounds "
                  << number + 1 - options.from
                  << (options.from != 0 ? " --from " + std::to_string(options.from) : "")
                  << "   (or with --from " << number
                  << " --rounds 1, which is enough when no earlier round matters)\n"
                  << "round " << number << " failed:\n"
                  << error.what() << "\n";
        return EXIT_FAILURE;
    }
    std::cout << number - options.from << " rounds in " << secondsSince(start) << " s: " << runner->crashes()
              << " crashes, " << runner->powerCuts() << " power cuts, " << runner->created() << " VMs, and "
              << runner->found() << " whose client had lost the answer; seed " << options.seed << "\n";
    return EXIT_SUCCESS;
}

} // namespace
} // namespace teehost::test

int main(int argc, char** argv)
{
    ::setenv("GRPC_VERBOSITY", "NONE", 1); // lost connections are the point
    ::signal(SIGPIPE, SIG_IGN);
    teehost::test::Options options;
    options.seed = std::random_device{}() % 1'000'000'000;
    CLI::App app("Kills teehostd at random instants and audits what it leaves");
    app.add_option("--seed", options.seed, "Decides what happens; random when absent");
    app.add_option("--from", options.from, "Number of the first round")->capture_default_str();
    app.add_option("--rounds", options.rounds, "How many rounds")->capture_default_str();
    app.add_option("--minutes", options.minutes, "How long, instead of --rounds");
    CLI11_PARSE(app, argc, argv);
    return teehost::test::run(options, argv[0]);
}
