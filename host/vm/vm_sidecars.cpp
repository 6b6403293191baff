// SPDX-License-Identifier: Apache-2.0
//
// The part of a VM's life that starts its sidecars, one after the other, before QEMU.
#include "host/base/fault_point.h"
#include "host/launch/spawn.h"
#include "host/vm/records.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr Clock::duration kReadyLimit = 10s;
constexpr auto kReadyPoll = 10ms;

bool acceptsConnection(const std::string& path)
{
    asio::io_context io;
    asio::local::stream_protocol::socket socket(io, asio::local::stream_protocol());
    socket.non_blocking(true); // a full backlog would block: it is a listener all the same
    boost::system::error_code error;
    socket.connect(asio::local::stream_protocol::endpoint(path), error);
    return !error || error == asio::error::would_block;
}

} // namespace

asio::awaitable<void> VmLife::startSidecars()
{
    const auto sidecars = plan().sidecars;
    const bool made = std::exchange(vm_->stepsMadeAhead, false);
    for (const auto& wanted : sidecars) {
        throwIfStopping();
        if (made && wanted.ahead)
            continue;
        co_await startSidecar(wanted);
    }
}

asio::awaitable<void> VmLife::startSidecar(plugin::SidecarPlan wanted)
{
    const auto spawn = launch::sidecarPlan(wanted, vm_->dirs->paths().log / (wanted.name + ".log"),
                                           supervisor_.facts_.account);
    auto child = launch::spawnHeld(spawn);
    faultPoint("c3a");
    const auto process = Process::adopt(supervisor_.io_, child.pid(), child.takePidfd(), vm_->changed, false);
    vm_->sidecars.push_back({wanted.name, spawn.argv, wanted.stopTimeout, identityOf(child.pid()), process,
                             wanted.ready == plugin::SidecarPlan::Ready::ExitZero, false});
    co_await supervisor_.journal_.commit(toRow(*vm_, vm_->state));
    child.go();
    process->keep(child.takeLeash());
    co_await waitUntilReady(wanted, process);
}

asio::awaitable<void> VmLife::waitUntilReady(plugin::SidecarPlan plan, std::shared_ptr<Process> process)
{
    using Ready = plugin::SidecarPlan::Ready;
    const auto deadline =
        Clock::now() + (plan.readyTimeout.count() > 0 ? Clock::duration(plan.readyTimeout) : kReadyLimit);
    const auto ready = [&] {
        switch (plan.ready) {
        case Ready::Spawned:
            return true;
        case Ready::PathExists:
            return std::filesystem::exists(plan.readyPath);
        case Ready::UnixConnect:
            return acceptsConnection(plan.readyPath);
        case Ready::ExitZero:
            return process->ended() && !process->exit()->signalled && process->exit()->value == 0;
        }
        return false;
    };
    while (!ready()) {
        throwIfStopping();
        if (process->ended() || Clock::now() >= deadline)
            throw Error(Category::FailedPrecondition,
                        "the sidecar " + plan.name +
                            (process->ended() ? " ended before it was ready: " + process->exit()->text()
                                              : " did not get ready in time"),
                        "its log is beside the VM's console log");
        co_await vm_->changed->waitUntil(Clock::now() + kReadyPoll);
    }
}

} // namespace teehost::vm
