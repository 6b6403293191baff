// SPDX-License-Identifier: Apache-2.0
//
// Consoles of all VMs: reading them, and keeping them short.
#include <algorithm>

#include "host/vm/console.h"
#include "host/vm/records.h"
#include "host/vm/supervisor.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr auto kRotationInterval = 5s;

} // namespace

asio::awaitable<Supervisor::ConsoleBytes> Supervisor::readConsole(std::string id, std::uint64_t offset,
                                                                  std::size_t limit)
{
    const auto vm = find(id);
    const auto path = launch::VmPaths(facts_.dirs, vm->spec.id).consoleLog();
    ConsoleBytes out;
    out.offset = std::max(offset, vm->consoleDropped);
    auto read = [path, at = out.offset - vm->consoleDropped, limit] { return readFileAt(path, at, limit); };
    out.data = co_await onPool(pool_, read);
    co_return out;
}

std::uint64_t Supervisor::consoleEnd(const std::string& id) const
{
    const auto vm = find(id);
    return vm->consoleDropped + fileSize(launch::VmPaths(facts_.dirs, vm->spec.id).consoleLog());
}

asio::awaitable<void> Supervisor::rotateConsoles()
{
    const auto limit = settings_.number("vm.console_limit");
    while (accepting_) {
        rotation_.expires_after(kRotationInterval);
        co_await expiry(rotation_);
        const auto snapshot = vms_;
        for (const auto& [id, vm] : snapshot) {
            if (!vm->qemu || isEnded(vm->state))
                continue;
            const launch::VmPaths paths(facts_.dirs, id);
            auto rotate = [paths, limit] {
                static_cast<void>(rotateLog(paths.qemuLog(), limit));
                return rotateLog(paths.consoleLog(), limit);
            };
            const std::uint64_t moved = co_await onPool(pool_, rotate);
            vm->consoleDropped += moved;
            if (moved != 0 && !isEnded(vm->state))
                journal_.save(toRow(*vm, vm->state));
        }
    }
}

} // namespace teehost::vm
