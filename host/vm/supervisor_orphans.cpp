// SPDX-License-Identifier: Apache-2.0
//
// QEMUs of this daemon that no row names. A VM is ended because somebody said so: here an operator does, once
// for all with vm.orphans or for each one.
#include <algorithm>

#include "host/base/text.h"
#include "host/vm/process_identity.h"
#include "host/vm/supervisor.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr auto kEndPatience = 10s;
constexpr const char* kLook = "`teehost orphans` shows them";

} // namespace

bool Supervisor::isOrphan(const SeenQemu& seen) const
{
    const auto known = vms_.find(seen.vm);
    return known == vms_.end() || isEnded(known->second->state) || known->second->ofOtherDirectories;
}

void Supervisor::tellOrphan(const SeenQemu& seen, const std::string& what)
{
    const std::string pid = std::to_string(seen.pid);
    const std::string message = "process " + pid + " is a QEMU of this daemon that no record names; " + what;
    log_.error("an orphan was found", {{"vm", seen.vm.text()}, {"pid", pid}, {"what", message}});
    Event event;
    event.vmId = seen.vm.text();
    event.kind = "orphan";
    event.message = message;
    event.fields = {{"pid", pid}};
    journal_.note(std::move(event));
}

/// Puts the row that was kept of an orphan back, in the place of one that says that the VM has ended.
void Supervisor::takeUpOrphan(const VmId& id, const store::VmRow& row)
{
    std::erase(ended_, id);
    vms_.erase(id);
    journal_.save(row); // before its life begins, which writes more of it
    adopt(row);
}

/// Ends an orphan by the operator's rule. With its record it is taken up first, and ends as a VM does, with
/// its sidecars and its files.
void Supervisor::endOrphanAtStart(const std::vector<SeenQemu>& processes)
{
    const VmId& id = processes.front().vm;
    std::optional<store::VmRow> row;
    try {
        row = records_.read(id);
    } catch (const Error& error) {
        log_.warning("an orphan's record cannot be read", {{"vm", id.text()}, {"error", error.what()}});
    }
    if (row && row->qemu && findProcess(*row->qemu, [&](const auto& arguments) {
                                return isQemuOf(id.text(), arguments);
                            }).presence == Presence::Alive) {
        tellOrphan(processes.front(), "it is ended (vm.orphans=end)");
        takeUpOrphan(id, *row);
        requestStop(*vms_.at(id), {.reason = "it was an orphan (vm.orphans=end)", .force = true});
        return;
    }
    const bool ended = endByForce(processes, kEndPatience);
    tellOrphan(processes.front(), ended ? "it was ended (vm.orphans=end)" : "it does not end after SIGKILL");
}

/// With the order in which things are written there can be none, as long as the store lasts.
void Supervisor::sweepOrphans(const Processes& processes, bool doubtful)
{
    std::map<VmId, std::vector<SeenQemu>> owned;
    for (const auto& seen : processes.qemus) {
        if (!isOrphan(seen))
            continue;
        if (isOwned(seen, facts_.owner, facts_.dirs))
            owned[seen.vm].push_back(seen);
        else
            log_.info(
                "a QEMU of another teehost, or of other directories, runs on this host; it is left alone",
                {{"vm", seen.vm.text()}, {"pid", std::to_string(seen.pid)}, {"owner", seen.owner.text()}});
    }
    for (const auto& [id, seen] : owned) {
        if (doubtful)
            records_.spare(id);
        if (settings_.text("vm.orphans") == "end" && !records_.isSpared(id))
            endOrphanAtStart(seen);
        else
            tellOrphan(seen.front(), "it goes on: `teehost adopt` takes it up, `teehost end-orphan` ends it");
    }
}

asio::awaitable<std::vector<Supervisor::Orphan>> Supervisor::orphans()
{
    auto look = [records = records_, owner = facts_.owner, dirs = facts_.dirs] {
        std::vector<Orphan> out;
        const auto kept = records.all();
        for (auto& seen : lookAtProcesses().qemus) {
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

asio::awaitable<std::vector<SeenQemu>> Supervisor::ownedOrphan(VmId id)
{
    const std::vector<Orphan> all = co_await orphans();
    std::vector<SeenQemu> owned;
    const SeenQemu* other = nullptr;
    for (const auto& orphan : all) {
        if (orphan.seen.vm != id)
            continue;
        if (orphan.owned)
            owned.push_back(orphan.seen);
        else
            other = &orphan.seen;
    }
    if (owned.empty() && other != nullptr)
        throw Error(
            Category::FailedPrecondition,
            "process " + std::to_string(other->pid) +
                " is not this daemon's: its UUID or its directories are another's",
            "ask the daemon that started it, or, when there is none any more, end the process by hand");
    if (owned.empty() && vms_.contains(id) && !isEnded(vms_.at(id)->state))
        throw Error(Category::FailedPrecondition, "the VM \"" + id.text() + "\" is no orphan: it is watched",
                    "`teehost info` shows it");
    if (owned.empty())
        throw Error(Category::NotFound, "no QEMU of the VM \"" + id.text() + "\" runs", kLook);
    co_return owned;
}

asio::awaitable<VmView> Supervisor::adoptOrphan(VmId id)
{
    requireAccepting();
    const std::vector<SeenQemu> processes = co_await ownedOrphan(id);
    auto read = [records = records_, id] { return records.read(id); };
    const std::optional<store::VmRow> row = co_await onPool(pool_, read);
    // From here to the VM's place in the table nothing is awaited.
    requireAccepting();
    if (!row || !isOrphan(processes.front()))
        throw Error(Category::FailedPrecondition, "nothing was kept of the VM \"" + id.text() + "\"",
                    "end it with `teehost end-orphan`, and create it again");
    const auto ours = [&](const auto& arguments) { return isQemuOf(id.text(), arguments); };
    if (!row->qemu || findProcess(*row->qemu, ours).presence != Presence::Alive)
        throw Error(Category::FailedPrecondition,
                    "what was kept of the VM \"" + id.text() + "\" is of another process",
                    "end it with `teehost end-orphan`, and create it again");
    takeUpOrphan(id, *row);
    lookAtTtls(false);
    Event event = eventOf(*vms_.at(id), "state", "taken up as an orphan"); // by which it is counted
    event.state = vms_.at(id)->state;
    journal_.note(std::move(event));
    const VmPtr vm = vms_.at(id);
    co_await journal_.sync(); // the operator is promised that it is this daemon's again
    co_return vm->view(agentAddress_);
}

asio::awaitable<void> Supervisor::endOrphan(VmId id)
{
    const std::vector<SeenQemu> processes = co_await ownedOrphan(id);
    bool taken = false;
    try {
        static_cast<void>(co_await adoptOrphan(id));
        taken = true;
    } catch (const Error& error) {
        const auto adopted = vms_.find(id); // and only the sync of it failed
        taken = adopted != vms_.end() && !isEnded(adopted->second->state);
        if (!taken && error.category() == Category::Unavailable)
            throw;
    }
    if (taken) { // as a VM it ends with its sidecars, its files and its port
        StopRequest request{.reason = "ended as an orphan", .force = true};
        co_await remove(id, std::move(request));
        co_return;
    }
    auto end = [processes] { return endByForce(processes, kEndPatience); };
    const bool ended = co_await onPool(pool_, end);
    if (!ended)
        throw Error(Category::Unavailable,
                    "a process of the VM \"" + id.text() + "\" does not end after SIGKILL",
                    "try again later; as another user than root the daemon cannot end what sudo started");
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
