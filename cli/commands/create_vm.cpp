// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <cstdlib>
#include <memory>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/client/client.h"
#include "cli/client/launch_watch.h"
#include "cli/commands/create_request.h"
#include "cli/input/duration.h"
#include "cli/input/option_types.h"
#include "cli/output/escape.h"
#include "cli/output/json.h"
#include "cli/output/vm_json.h"
#include "cli/output/vm_text.h"

namespace teehost::cli {
namespace {

constexpr const char* kExamples = R"(  teehost create-vm --server-url 10.0.0.5:7011 --wait
  teehost create-vm --server-url cvms.example.com:7011 --server-ca ca.pem \
      --client-key agent.key --client-crt agent.crt --ttl 2h --label team=blue
  teehost create-vm --backend plain-kvm --cpus 2 --memory 1G --wait --wait-timeout 5m
  id=$(teehost create-vm --server-url 10.0.0.5:7011 --wait --output json | jq -r .vm.id)

Ctrl-C while the daemon launches the VM undoes the launch. Once it boots, it stays.

AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are read only when some --aws option is given, so that credentials which
happen to be in the environment do not reach a guest.)";

struct Options {
    CreateOptions create;
    std::string wait = "booting";
    std::optional<std::chrono::nanoseconds> waitTimeout;
};

bool isDumbTerminal()
{
    const char* term = std::getenv("TERM");
    return term == nullptr || std::string_view(term) == "dumb";
}

/// One less than the terminal has, because writing into the last column makes some terminals wrap.
std::size_t lineColumns()
{
    constexpr std::size_t kFallback = 79;
    winsize size{};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u : kFallback;
}

std::unique_ptr<Progress> makeProgress(const Session& session)
{
    if (session.json())
        return std::make_unique<SilentProgress>();
    if (!session.outIsTerminal() || isDumbTerminal())
        return std::make_unique<LineProgress>(session.out());
    const auto start = std::chrono::steady_clock::now();
    return std::make_unique<LiveProgress>(session.out(), lineColumns(),
                                          [start] { return std::chrono::steady_clock::now() - start; });
}

/// Ctrl-C after QEMU runs the guest: the launch is done, and is undone only if the daemon saw the cancelling
/// first.
Failure interruptedBooting(const std::string& id)
{
    return {ExitCode::Interrupted, "interrupted while VM " + id + " boots",
            "if it is still there, it is removed with: teehost remove-vm " + id};
}

v1::Vm launch(Client& client, const v1::CreateVmRequest& request, LaunchWatch& watch)
{
    try {
        v1::Vm vm = client.createVm(request).vm();
        // Its event was sent before the answer, on another stream, so it is here or about to be.
        constexpr std::chrono::seconds kEventLag{1};
        if (watch.waitFor(vm.state(), kEventLag) != LaunchWatch::Outcome::Reached)
            watch.note(vm.state());
        return vm;
    } catch (const Failure& failure) {
        if (failure.code() == ExitCode::Usage)
            throw UsageFailure(optionOfField(failure.what()), failure.hint());
        if (failure.code() != ExitCode::Interrupted)
            throw;
        if (watch.timeline().reached(v1::VM_STATE_BOOTING))
            throw interruptedBooting(watch.vmId());
        throw Failure(ExitCode::Interrupted, "interrupted; the daemon undoes the launch");
    }
}

v1::Vm getVm(Client& client, const std::string& id)
{
    v1::GetVmRequest request;
    request.set_id(id);
    return client.getVm(request);
}

/// What to tell when a VM that was launched did not get to `running`.
Failure waitFailure(Client& client, const std::string& id, LaunchWatch::Outcome outcome)
{
    if (client.interrupt().pending())
        return interruptedBooting(id);
    if (outcome == LaunchWatch::Outcome::TimedOut)
        return {ExitCode::TimedOut, "VM " + id + " is not running after --wait-timeout",
                "it goes on booting: teehost events " + id + " --follow"};
    if (outcome == LaunchWatch::Outcome::BootTimedOut)
        return {ExitCode::TimedOut, "VM " + id + " is not up within the daemon's boot timeout; it goes on",
                "look at its console: teehost console " + id};
    if (outcome == LaunchWatch::Outcome::StreamLost)
        return {ExitCode::Unreachable, "lost sight of VM " + id + " while it booted",
                "see: teehost info " + id};
    const v1::Vm vm = getVm(client, id);
    return {ExitCode::Failed,
            "VM " + id + " " + stateName(vm.state()) + " while it booted" +
                (vm.cause().empty() ? "" : ": " + vm.cause()),
            vm.remedy().empty() ? "see: teehost console " + id : vm.remedy()};
}

v1::Vm waitUntilRunning(Client& client, const v1::Vm& vm, LaunchWatch& watch, const Options& options)
{
    const auto outcome = watch.waitFor(v1::VM_STATE_RUNNING, options.waitTimeout);
    if (outcome != LaunchWatch::Outcome::Reached)
        throw waitFailure(client, vm.id(), outcome);
    return getVm(client, vm.id());
}

void printSummary(Session& session, const v1::Vm& vm, const LaunchWatch& watch)
{
    const LaunchTimeline timeline = watch.timeline();
    if (session.json())
        return printJson(session.out(), {{"vm", toJson(vm)},
                                         {"timings", timeline.toJson()},
                                         {"elapsed_seconds", toSeconds(watch.elapsed())}});
    session.out() << "\nVM " << escapeLine(vm.id()) << " is " << stateName(vm.state()) << " after "
                  << formatDuration(watch.elapsed()) << "\n\n"
                  << timeline.renderTable() << "\n"
                  << describeVm(vm, std::chrono::system_clock::now());
}

void createVm(const Options& options, Session& session)
{
    const v1::CreateVmRequest request = toRequest(options.create);
    Client& client = session.client();
    const auto progress = makeProgress(session);
    LaunchWatch watch(client, request.idempotency_key(), *progress);
    v1::Vm vm = launch(client, request, watch);
    if (options.wait == "running")
        vm = waitUntilRunning(client, vm, watch, options);
    progress->finish();
    printSummary(session, vm, watch);
}

} // namespace

void addCreateVm(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "create-vm", kExamples);
    const auto options = std::make_shared<Options>();
    addCreateOptions(command, options->create);
    command
        .flag(
            "--wait{running}", options->wait,
            "Return when the agent in the guest answers (running, also without =STATE); otherwise as soon as "
            "QEMU runs the guest (booting)")
        .oneOf({"booting", "running"})
        .shownAs("[=booting|running]");
    addDuration(
        command, "--wait-timeout", options->waitTimeout,
        "How long to wait; the VM stays when it passes (default: as long as the daemon lets a guest boot)")
        .needs("--wait");
    command.onRun([options, &session] { createVm(*options, session); });
}

} // namespace teehost::cli
