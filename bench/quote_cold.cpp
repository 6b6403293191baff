// SPDX-License-Identifier: Apache-2.0
//
// The first verification of a quote with all its collateral, nothing known before, over real files:
//
//     quote_cold QUOTE TIME COLLATERAL... [-- COMMAND ARGUMENT...]
//
// TIME is in seconds since 1970. Prints what the first one in this process takes, with OpenSSL's start, and
// the median of more, which keep nothing from each other but the keys of certificates
// (kit/vendor_fields.cpp). COMMAND is another verifier's program over the same files: both run as whole
// processes in turn, and the ratio is of the CPU time that each takes.
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <teehost/kit/file.h>

#include "bench/ratio.h"
#include "host/base/openssl_start.h"
#include "tdx/quote/verify.h"

namespace {

using namespace teehost;
using namespace teehost::tdx;

constexpr int kTimes = 201, kPairs = 41;
constexpr std::size_t kMostBytes = 1u << 20;

struct Input {
    kit::Bytes quote;
    kit::UnixSeconds at = 0;
    std::vector<kit::Bytes> collateral;
};

void verify(const Input& input)
{
    const Quote quote = Quote::parse(input.quote);
    const PckChain chain = PckChain::of(quote.certificates);
    CollateralPool pool(chain.certificates);
    for (const kit::Bytes& blob : input.collateral)
        pool.add(blob);
    const Collateral collateral = Collateral::of(pool, &chain, intelRoots());
    const Verified verified = verifyQuote(quote, chain, collateral, {input.at, intelRoots()});
    if (const auto* failure = kit::firstFailure(verified.lines)) {
        std::fprintf(stderr, "quote_cold: %s\n", failure->message.c_str());
        std::exit(1);
    }
    if (!verified.tcb) {
        std::fputs("quote_cold: the collateral is not complete\n", stderr);
        std::exit(1);
    }
}

/// Seconds of CPU of a program from its start to its end.
double cpuOf(char* const* command)
{
    pid_t pid = 0;
    int status = 0;
    rusage usage{};
    if (posix_spawnp(&pid, command[0], nullptr, nullptr, command, environ) != 0 ||
        wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        std::fprintf(stderr, "quote_cold: %s does not run, or refuses the quote\n", command[0]);
        std::exit(1);
    }
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void compare(std::vector<char*> own, char* const* other)
{
    static char once[] = "--once";
    own.insert(own.begin() + 1, once);
    own.push_back(nullptr);
    std::vector<double> a, b, ratios;
    for (int i = 0; i < kPairs; ++i) {
        a.push_back(cpuOf(own.data()));
        b.push_back(cpuOf(other));
        ratios.push_back(a.back() / b.back());
    }
    std::printf("a process that verifies one quote to %s: ratio %.2f of CPU time, medians %.0f and %.0f us\n",
                other[0], bench::median(ratios), 1e6 * bench::median(a), 1e6 * bench::median(b));
}

} // namespace

int main(int argc, char** argv)
{
    startOpensslForChecks(); // as teehost verify --offline
    std::vector<char*> own(argv, argv + argc);
    char** other = nullptr;
    for (int i = 1; i + 1 < argc && other == nullptr; ++i)
        if (std::strcmp(argv[i], "--") == 0) {
            other = argv + i + 1;
            own.resize(static_cast<std::size_t>(i));
        }
    const bool once = own.size() > 1 && std::strcmp(own[1], "--once") == 0;
    const std::size_t first = once ? 2 : 1;
    if (own.size() < first + 2) {
        std::fputs("usage: quote_cold QUOTE TIME COLLATERAL... [-- COMMAND ARGUMENT...]\n", stderr);
        return 2;
    }
    Input input{kit::readFile(own[first], "quote", kMostBytes), std::atoll(own[first + 1]), {}};
    for (std::size_t i = first + 2; i < own.size(); ++i)
        input.collateral.push_back(kit::readFile(own[i], "collateral", kMostBytes));
    const double cold = bench::secondsOf([&] { verify(input); });
    if (once)
        return 0;
    std::vector<double> more;
    for (int i = 0; i < kTimes; ++i)
        more.push_back(bench::secondsOf([&] { verify(input); }));
    std::printf("a quote and all its collateral: first %.0f us, then %.0f us\n", 1e6 * cold,
                1e6 * bench::median(more));
    if (other != nullptr)
        compare(own, other);
}
