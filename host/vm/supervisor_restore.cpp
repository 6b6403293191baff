// SPDX-License-Identifier: Apache-2.0
//
// What a new daemon does with what the one before it left: rows, processes, directories.
#include <algorithm>
#include <csignal>
#include <filesystem>

#include "host/base/pidfd.h"
#include "host/base/text.h"
#include "host/vm/process_identity.h"
#include "host/vm/records.h"
#include "host/vm/supervisor.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

namespace fs = std::filesystem;

/// The VM whose QEMU of this instance has these arguments.
std::optional<VmId> vmOf(const std::vector<std::string>& arguments, const std::string& marker)
{
    for (const auto& argument : arguments)
        if (argument.starts_with(marker))
            return VmId::parse(argument.substr(marker.size(), argument.find(',') - marker.size()));
    return std::nullopt;
}

void kill(pid_t pid, const std::vector<std::string>& arguments)
{
    const UniqueFd pidfd = openPidfd(pid);
    if (pidfd && commandLine(pid) == arguments) // still the same one
        signalPidfd(pidfd.get(), SIGKILL);
}

} // namespace

void Supervisor::restore(bool reportOrphans)
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
    sweepOrphans(reportOrphans);
    if (!reportOrphans)
        removeStrayDirectories();
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

/// With the order in which things are written there can be none; if there is one nevertheless, nobody would
/// ever end it.
void Supervisor::sweepOrphans(bool reportOnly)
{
    const std::string marker = "guest=teehost-" + facts_.instanceId.substr(0, 8) + "-";
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/proc", error)) {
        const auto name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos)
            continue;
        const auto pid = static_cast<pid_t>(parseUnsigned(name));
        const auto arguments = commandLine(pid).value_or(std::vector<std::string>());
        const auto id = vmOf(arguments, marker);
        if (!id)
            continue;
        const auto known = vms_.find(*id);
        if (known != vms_.end() && !isEnded(known->second->state))
            continue;
        log_.error(reportOnly ? "a QEMU of this instance runs that no record names; end it by hand"
                              : "a QEMU of this instance ran that no record names; it was ended",
                   {{"vm", id->text()}, {"pid", name}});
        if (!reportOnly)
            kill(pid, arguments);
        Event event;
        event.vmId = id->text();
        event.kind = "orphan";
        event.message = "process " + name + " is a QEMU of this instance that no record names" +
                        (reportOnly ? "; it goes on" : "; it was ended");
        journal_.note(std::move(event));
    }
}

/// Of VMs that have ended, or that no record names. Logs stay as long as their record.
void Supervisor::removeStrayDirectories()
{
    for (const auto& parent : {facts_.dirs.runtime / "vm", facts_.dirs.state / "vm"}) {
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(parent, error)) {
            const auto id = VmId::parse(entry.path().filename().string());
            const auto known = id ? vms_.find(*id) : vms_.end();
            if (!id || (known != vms_.end() && !isEnded(known->second->state)))
                continue;
            log_.warning("a directory of no living vm is removed", {{"path", entry.path().string()}});
            fs::remove_all(entry.path(), error);
        }
    }
}

} // namespace teehost::vm
