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
    journal_.events().restore(std::move(events));
    for (const auto& row : store_.vms())
        adopt(row);
    std::sort(ended_.begin(), ended_.end(), [this](const VmId& a, const VmId& b) {
        return vms_.at(a)->stateSince < vms_.at(b)->stateSince;
    });
    const auto living = sweepOrphans(doubtful ? Orphans::Report : orphanRule());
    if (!doubtful)
        removeStrayDirectories(living);
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
    const auto run = launch::VmPaths(facts_.dirs, *id).run.string();
    if (!vm->runDirectory.empty() && vm->runDirectory != run) {
        vm->ofOtherDirectories = true;
        log_.error("a record is of a daemon with other directories; its processes are left alone",
                   {{"vm", row.id}, {"its", printable(vm->runDirectory)}, {"ours", run}});
    }
    vm->backend = backends_.plugins.find(vm->spec.backend);
    for (const auto& attester : attesters)
        if (auto* plugin = backends_.plugins.find(attester))
            vm->attesters.push_back(plugin);
    vm->dirs = launch::VmDirs::existing(facts_.dirs, *id, facts_.account);
    vms_.emplace(*id, vm);
    const auto life =
        std::make_shared<VmLife>(*this, vm, launch::VmSecrets(), std::vector<plugin::Fragment>());
    life->findProcesses();
    begin(life, vm, true);
}

/// Of VMs that have ended, or that neither a row nor a process names. Logs stay as long as their record.
void Supervisor::removeStrayDirectories(const std::set<VmId>& living)
{
    const auto isStray = [&](const fs::path& name) {
        const auto id = VmId::parse(name.string());
        const auto known = id ? vms_.find(*id) : vms_.end();
        return id && !living.contains(*id) && (known == vms_.end() || isEnded(known->second->state));
    };
    std::error_code error;
    for (const auto& parent : {facts_.dirs.runtime / "vm", facts_.dirs.state / "vm"})
        for (const auto& entry : fs::directory_iterator(parent, error))
            if (isStray(entry.path().filename())) {
                log_.warning("a directory of no living vm is removed", {{"path", entry.path().string()}});
                fs::remove_all(entry.path(), error);
            }
    for (const auto& id : records_.all())
        if (isStray(id.text()))
            records_.remove(id);
}

} // namespace teehost::vm
