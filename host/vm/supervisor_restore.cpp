// SPDX-License-Identifier: Apache-2.0
//
// How a new daemon takes up what the one before it left: rows and directories. Processes that no row names
// are in supervisor_orphans.cpp.
#include <algorithm>
#include <filesystem>

#include "host/base/text.h"
#include "host/vm/records.h"
#include "host/vm/supervisor.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

namespace fs = std::filesystem;

} // namespace

void Supervisor::restore(bool doubtful)
{
    std::vector<Event> events;
    for (const auto& row : store_.events()) {
        try {
            events.push_back(fromRow(row));
        } catch (const Error& error) {
            log_.warning("an event was left out", {{"error", error.what()}});
        }
    }
    journal_.events().restore(std::move(events), store_.firstSeq());
    for (const auto& row : store_.vms())
        adopt(row);
    std::sort(ended_.begin(), ended_.end(), [this](const VmId& a, const VmId& b) {
        return vms_.at(a)->stateSince < vms_.at(b)->stateSince;
    });
    const Processes processes = lookAtProcesses();
    sweepOrphans(processes, doubtful);
    // With a process that cannot be looked at it is not known whose directory is in use.
    if (!doubtful && processes.complete)
        removeStrayDirectories(processes);
    lookAtTtls(false);
}

void Supervisor::adopt(const store::VmRow& row)
{
    const auto id = VmId::parse(row.id);
    if (!id) {
        log_.error("a row of the store was left out: its id is not a UUID", {{"id", printable(row.id)}});
        return;
    }
    launch::VmSpec spec;
    spec.id = *id;
    const auto vm = std::make_shared<Vm>(io_, spec);
    vm->persisted = true;
    std::vector<std::string> attesters;
    try {
        attesters = fromRow(row, *vm);
    } catch (const Error& error) {
        // Its process, if it has one, goes on; whether to end it is for the operator to say.
        log_.error("a vm's record cannot be read", {{"vm", row.id}, {"error", error.what()}});
        vm->state = VmState::Lost;
        vm->outcome = Outcome{Category::DataLoss, "unknown", error.what(), "remove the VM with --force"};
    }
    if (isEnded(vm->state)) {
        ended_.push_back(*id);
        vms_.emplace(*id, vm);
        return;
    }
    if (row.port)
        vm->port = ports_.hold(*row.port);
    const auto run = launch::VmPaths(facts_.dirs, *id).run;
    if (!vm->runDirectory.empty() && !launch::isSamePath(vm->runDirectory, run)) {
        vm->ofOtherDirectories = true;
        log_.error("a record is of a daemon with other directories; its processes are left alone",
                   {{"vm", row.id}, {"its", printable(vm->runDirectory)}, {"ours", run.string()}});
    }
    vm->backend = plugins_.find(vm->spec.backend);
    for (const auto& attester : attesters)
        if (auto* plugin = plugins_.find(attester))
            vm->attesters.push_back(plugin);
    vm->dirs = launch::VmDirs::existing(facts_.dirs, *id, facts_.account);
    vms_.emplace(*id, vm);
    const auto life =
        std::make_shared<VmLife>(*this, vm, launch::VmSecrets(), std::vector<plugin::Fragment>());
    life->findProcesses();
    begin(life, vm, true);
}

/// Removes what is left of VMs that have ended, and that no process names. Logs stay as long as their record:
/// those of a VM without one, whose row a power cut undid, go with its directories.
void Supervisor::removeStrayDirectories(const Processes& processes)
{
    const auto isStray = [&](const VmId& id) {
        const auto known = vms_.find(id);
        return !processes.uuids.contains(id) && (known == vms_.end() || isEnded(known->second->state));
    };
    std::error_code error;
    for (const auto& parent : {facts_.dirs.runtime / "vm", facts_.dirs.state / "vm"})
        for (const auto& entry : fs::directory_iterator(parent, error))
            if (const auto id = VmId::parse(entry.path().filename().string()); id && isStray(*id)) {
                log_.warning("a directory of no living vm is removed", {{"path", entry.path().string()}});
                fs::remove_all(entry.path(), error);
                if (!vms_.contains(*id))
                    launch::VmDirs::removeLogs(launch::VmPaths(facts_.dirs, *id));
            }
    for (const auto& id : records_.all())
        if (isStray(id))
            records_.remove(id);
    records_.removeUnfinished();
}

} // namespace teehost::vm
