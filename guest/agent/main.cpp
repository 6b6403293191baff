// SPDX-License-Identifier: Apache-2.0
//
// /init of the reference guest image: the one program in it, and PID 1. It does a step after the other and
// says so on the console; a step that fails is a line there and not the end, since a guest that can still say
// what is wrong helps more.
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "guest/agent/compute/sandbox.h"
#include "guest/agent/console.h"
#include "guest/agent/cvms/downlink.h"
#include "guest/agent/cvms/uplink.h"
#include "guest/agent/environment.h"
#include "guest/agent/filesystems.h"
#include "guest/agent/kernel_parameters.h"
#include "guest/agent/modules.h"
#include "guest/agent/network.h"
#include "guest/agent/printable.h"
#include "guest/agent/selftest.h"
#include "guest/agent/supervisor.h"

namespace teehost::guest {
namespace {

template <class Step>
void attempt(const Console& console, Step step)
{
    try {
        step();
    } catch (const std::exception& error) {
        console.line(error.what(), LogLevel::Warning);
    }
}

/// Descriptors 0 to 2 are closed when the kernel found no console; a socket must not become one of them.
void openStandardStreams()
{
    int fd = ::open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = ::open("/dev/null", O_RDWR);
    if (fd >= 0)
        ::close(fd);
}

std::string join(const std::vector<std::string>& words)
{
    std::string line;
    for (const auto& word : words)
        line += (line.empty() ? "" : " ") + word;
    return line;
}

void reportModules(const Console& console, const ModuleReport& report)
{
    std::string text = std::to_string(report.loaded) + " modules loaded";
    if (!report.absentDevice.empty())
        text += "; no device for " + join(report.absentDevice);
    console.line(text);
    for (const auto& failure : report.failed)
        console.line("module " + failure, LogLevel::Warning);
}

/// Names only: values are secrets until proven otherwise. These four are not, and say which VM this is.
void reportEnvironment(const Console& console, const Environment& environment)
{
    std::vector<std::string> names;
    for (const auto& variable : environment.variables)
        names.push_back(variable.name);
    console.line("env_share mounted, " + std::to_string(names.size()) + " variables: " + join(names));
    for (const auto* name : {"AGENT_CVM_ID", "AGENT_LOG_LEVEL", "AGENT_CVM_GRPC_URL", "AGENT_CVM_CA_URL"})
        if (const auto value = environment.find(name))
            console.line(std::string(name) + "=" + printable(*value));
    for (const auto& problem : environment.problems)
        console.line("environment line " + std::to_string(problem.line) +
                         " left out: " + std::string(problem.reason),
                     LogLevel::Warning);
}

Environment readEnvironment(const Console& console)
{
    mountShare("env_share", kEnvironmentDirectory);
    // One byte more than is parsed, so that the parser sees that the file is too long.
    auto environment = parseEnvironment(
        readFile(std::string(kEnvironmentDirectory) + "/environment", kMaxEnvironmentBytes + 1));
    reportEnvironment(console, environment);
    return environment;
}

[[noreturn]] void boot()
{
    std::string mountProblem;
    try {
        mountKernelFilesystems();
    } catch (const std::exception& error) {
        mountProblem = error.what(); // there may be no console to say it on yet
    }
    KernelParameters parameters;
    attempt(Console(), [&] { parameters = parseKernelParameters(readFile("/proc/cmdline", 16 * 1024)); });
    openStandardStreams();
    // Before anybody knows whether there is a service to tell: then it is told of the boot too.
    std::optional<Uplink> uplink;
    std::optional<Downlink> downlink;
    attempt(Console(parameters.console), [&] {
        downlink.emplace();
        uplink.emplace();
    });
    const Console console(parameters.console, uplink ? &*uplink : nullptr);
    console.line(mountProblem.empty() ? "started" : mountProblem);
    for (const auto& problem : parameters.problems)
        console.line(problem, LogLevel::Warning);

    attempt(console, [&] { reportModules(console, loadModules("/modules/order")); });
    attempt(console, [] { mountConfigfs(); });
    attempt(console, [] { mountSecurityfs(); });
    attempt(console, [] { mountControlGroups(); });
    attempt(console, [&] {
        configureNetwork();
        console.line("eth0 is up with 10.0.2.15/24");
    });
    attempt(console, [&] {
        mountShare("certs_share", kCertificatesDirectory);
        console.line("certs_share mounted");
    });
    Environment environment = unreadEnvironment();
    attempt(console, [&] { environment = readEnvironment(console); });
    if (parameters.selftest) // digests, not for the uplink
        attempt(console, [&] { printSelftest(Console(parameters.console), environment); });
    console.event(GuestEvent::VmProvisioned);
    supervise(
        {parameters, environment, console, uplink ? &*uplink : nullptr, downlink ? &*downlink : nullptr});
}

} // namespace
} // namespace teehost::guest

int main(int count, char** arguments)
{
    // The kernel hands words of its command line to PID 1, which therefore takes no arguments.
    if (::getpid() != 1 && count > 1 && std::string_view(arguments[1]) == teehost::guest::kSandboxArgument)
        return teehost::guest::sandboxMain(count, arguments);
    if (::getpid() != 1) {
        std::fputs("teehost-agent is the init of a guest image: it runs as PID 1 only\n", stderr);
        return 2;
    }
    teehost::guest::boot();
}
