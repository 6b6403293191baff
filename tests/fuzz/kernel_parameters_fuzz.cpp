// SPDX-License-Identifier: Apache-2.0
//
// /proc/cmdline as the guest reads it: every value within its bounds, every complaint fit for the console,
// and words of others without effect.
#include "guest/agent/kernel_parameters.h"

#include <algorithm>

#include "guest/agent/printable.h"
#include "tests/fuzz/property.h"

namespace {

using namespace teehost;
using guest::KernelParameters;

bool same(const KernelParameters& a, const KernelParameters& b)
{
    return a.agentPort == b.agentPort && a.console == b.console && a.selftest == b.selftest &&
           a.fault == b.fault && a.faultDelay == b.faultDelay && a.problems == b.problems;
}

void withinBounds(const KernelParameters& parameters)
{
    const auto alphanumeric = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    };
    const std::string& console = parameters.console;
    fuzz::require(parameters.agentPort != 0, "a port can be listened on");
    // It becomes a path below /dev.
    fuzz::require(!console.empty() && console.size() <= 32 &&
                      std::all_of(console.begin(), console.end(), alphanumeric),
                  "a console is a device's name");
    fuzz::require(parameters.faultDelay.count() >= 0 && parameters.faultDelay <= std::chrono::hours(1),
                  "a delay is at most an hour");
    for (const auto& problem : parameters.problems) {
        fuzz::requirePrintable(problem, "a complaint is printable");
        fuzz::require(problem.size() < 1024, "a complaint is short");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string line(fuzz::asText(data, size));
    const auto parameters = guest::parseKernelParameters(line);
    withinBounds(parameters);
    fuzz::require(
        same(parameters, guest::parseKernelParameters("root=/dev/vda x=\"a teehost.selftest=1 \" " + line)),
        "parameters of others have no effect");
    // A quote left open takes what follows into its word.
    if (std::count(line.begin(), line.end(), '"') % 2 == 0) {
        const auto later = guest::parseKernelParameters(line + " teehost.agent_port=1 teehost.fault=panic");
        fuzz::require(later.agentPort == 1 && later.fault == guest::Fault::Panic, "the last one counts");
        fuzz::require(later.problems == parameters.problems && later.console == parameters.console,
                      "what is appended changes nothing else");
    }
    return 0;
}
