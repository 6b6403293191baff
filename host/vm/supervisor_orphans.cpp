// SPDX-License-Identifier: Apache-2.0
//
// QEMUs of this daemon that no row names. A VM is ended because somebody said so: here an operator does, once
// for all with vm.orphans or for each one.
#include <csignal>

#include "host/base/pidfd.h"
#include "host/base/text.h"
#include "host/vm/process_identity.h"
#include "host/vm/supervisor.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr auto kKillPatience = 30s;
constexpr const char* kLook = "`teehost orphans` shows them";

} // namespace

Supervisor::Orphans Supervisor::orphanRule() const
{
    return settings_.text("vm.orphans") == "end" ? Orphans::End : Orphans::Report;
}

/// Whether no VM that this daemon watches, or cannot judge, is that process.
bool Supervisor::isOrphan(const SeenQemu& seen) const
{
    const auto known = vms_.find(seen.vm);
    return known == vms_.end() || isEnded(known->second->state) || known->second->ofOtherDirectories;
}

/// With the order in which things are written there can be none, as long as the store lasts.
std::set<VmId> Supervisor::sweepOrphans(Orphans rule)
{
    std::set<VmId> living;
    for (const auto& seen : findQemus()) {
        if (!isOrphan(seen))
            continue;
        const std::string pid = std::to_string(seen.pid);
        if (!isOwned(seen, facts_.owner, facts_.dirs)) {
            log_.info("a QEMU of another teehost runs on this host; it is left alone",
                      {{"vm", seen.vm.text()}, {"pid", pid}, {"owner", seen.owner.text()}});
            continue;
        }
        const UniqueFd pidfd = rule == Orphans::End ? hold(seen) : UniqueFd();
        if (pidfd)
            signalPidfd(pidfd.get(), SIGKILL);
        else
            living.insert(seen.vm);
        const std::string what = "process " + pid + " is a QEMU of this daemon that no record names; " +
                                 (pidfd ? "it was ended (vm.orphans=end)"
                                        : "it goes on: `teehost adopt` takes it up, `teehost end-orphan` "
                                          "ends it");
        log_.error("an orphan was found", {{"vm", seen.vm.text()}, {"pid", pid}, {"what", what}});
        Event event;
        event.vmId = seen.vm.text();
        event.kind = "orphan";
        event.message = what;
        event.fields = {{"pid", pid}};
        journal_.note(std::move(event));
    }
    return living;
}

asio::awaitable<std::vector<Supervisor::Orphan>> Supervisor::orphans()
{
    auto look = [records = records_, owner = facts_.owner, dirs = facts_.dirs] {
        std::vector<Orphan> out;
        const auto kept = records.all();
        for (auto& seen : findQemus()) {
            const bool owned = isOwned(seen, owner, dirs);
            const bool adoptable = owned && std::find(kept.begin(), kept.end(), seen.vm) != kept.end();
            out.push_back({std::move(seen), owned, adoptable});
        }
        return out;
    };
    std::vector<Orphan> found = co_await onPool(pool_, look);
    std::erase_if(found, [this](const Orphan& orphan) { return !isOrphan(orphan.seen); });
    co_return found;
}

SeenQemu Supervisor::ownedOrphan(const VmId& id) const
{
    for (auto& seen : findQemus()) {
        if (seen.vm != id)
            continue;
        if (!isOrphan(seen))
            throw Error(Category::FailedPrecondition,
                        "the VM \"" + id.text() + "\" is no orphan: it is watched",
                        "`teehost info` shows it");
        if (!isOwned(seen, facts_.owner, facts_.dirs))
            throw Error(Category::FailedPrecondition,
                        "process " + std::to_string(seen.pid) +
                            " is not this daemon's: its UUID or its directories are another's",
                        "ask the daemon that started it, or, when there is none any more, end the process by "
                        "hand");
        return std::move(seen);
    }
    throw Error(Category::NotFound, "no QEMU of the VM \"" + id.text() + "\" runs", kLook);
}

asio::awaitable<VmView> Supervisor::adoptOrphan(VmId id)
{
    requireAccepting();
    auto read = [records = records_, id] { return records.read(id); };
    const std::optional<store::VmRow> row = co_await onPool(pool_, read);
    // From here to the VM's place in the table nothing is awaited.
    requireAccepting();
    const SeenQemu seen = ownedOrphan(id);
    if (!row)
        throw Error(Category::FailedPrecondition, "nothing was kept of the VM \"" + id.text() + "\"",
                    "end it with `teehost end-orphan`, and create it again");
    const auto now = identityOf(seen.pid);
    if (!row->qemu || row->qemu->pid != now.pid || row->qemu->startTicks != now.startTicks ||
        row->qemu->bootId != now.bootId)
        throw Error(Category::FailedPrecondition,
                    "what was kept of the VM \"" + id.text() + "\" is of another process",
                    "end it with `teehost end-orphan`, and create it again");
    std::erase(ended_, id);
    vms_.erase(id);
    journal_.save(*row); // before its life begins, which writes more of it
    adopt(*row);
    lookAtTtls(false);
    co_return vms_.at(id)->view(agentAddress_);
}

asio::awaitable<void> Supervisor::endOrphan(VmId id)
{
    auto read = [records = records_, id] {
        try {
            return records.read(id);
        } catch (const Error&) {
            return std::optional<store::VmRow>();
        }
    };
    const std::optional<store::VmRow> row = co_await onPool(pool_, read);
    const SeenQemu seen = ownedOrphan(id);
    const auto now = identityOf(seen.pid);
    if (row && row->qemu && row->qemu->pid == now.pid && row->qemu->startTicks == now.startTicks) {
        // As a VM it ends with its sidecars, its files and its port.
        static_cast<void>(co_await adoptOrphan(id));
        StopRequest request{.reason = "ended as an orphan", .force = true};
        co_await remove(id, std::move(request));
        co_return;
    }
    UniqueFd pidfd = hold(seen);
    if (!pidfd)
        co_return; // it has ended meanwhile
    const auto changed = std::make_shared<Signal>(io_);
    const auto process = Process::adopt(io_, seen.pid, std::move(pidfd), changed, false);
    process->signal(SIGKILL);
    const auto deadline = Clock::now() + kKillPatience;
    while (!process->ended() && Clock::now() < deadline)
        co_await changed->waitUntil(deadline);
    if (!process->ended())
        throw Error(Category::Unavailable,
                    "process " + std::to_string(seen.pid) + " does not end after SIGKILL", "try again later");
    const auto dirs = launch::VmDirs::existing(facts_.dirs, id, facts_.account);
    auto clean = [dirs, records = records_, id] {
        records.remove(id);
        const std::string left = dirs.remove();
        launch::VmDirs::removeLogs(dirs.paths());
        return left;
    };
    const std::string left = co_await onPool(pool_, clean);
    if (!left.empty())
        log_.warning("an orphan's files are left", {{"vm", id.text()}, {"what", left}});
}

} // namespace teehost::vm
