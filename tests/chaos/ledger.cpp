// SPDX-License-Identifier: Apache-2.0
#include "chaos/ledger.h"

#include <algorithm>

namespace teehost::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kExpirySlack = 1s; // within which nobody can say whether a TTL has run out
constexpr const char* kRebooted = "the host was rebooted";

std::string nameOf(const v1::Vm& vm)
{
    const auto label = vm.labels().find(kLabel);
    return label == vm.labels().end() ? std::string() : label->second;
}

Known knownOf(const v1::Vm& vm)
{
    Known known;
    known.name = nameOf(vm);
    known.pid = vm.pid();
    if (vm.has_deadline())
        known.deadline = WallTime(std::chrono::duration_cast<WallTime::duration>(
            std::chrono::seconds(vm.deadline().seconds()) + std::chrono::nanoseconds(vm.deadline().nanos())));
    return known;
}

/// One VM against what its client was told; empty when they agree.
std::string disagreement(const Known& known, const v1::Vm* vm, WallTime now)
{
    if (vm == nullptr)
        return known.removeTried ? "" : "is not in the list, and nobody removed it";
    const std::string state = v1::VmState_Name(vm->state()) + " (" + vm->cause() + ")";
    if (known.removed)
        return "was removed, and is " + state;
    if (known.lostPower) {
        if (isLiving(vm->state()))
            return "lives on after a power cut: " + state;
        if (known.stopped && vm->cause() == kRebooted)
            return "was stopped before a power cut, and is " + state;
        return known.touched || known.mayHaveExpired || vm->cause() == kRebooted
                   ? ""
                   : "was let alone until a power cut, and is " + state;
    }
    if (isLiving(vm->state())) {
        if (known.stopped)
            return "was stopped, and is " + state;
        if (known.deadline && *known.deadline + kExpirySlack < now)
            return "has outlived its TTL: " + state;
        if (!known.touched && vm->pid() != known.pid)
            return "had the process " + std::to_string(known.pid) + ", has " + std::to_string(vm->pid());
        return "";
    }
    return known.touched || known.mayHaveExpired ? "" : "was let alone, and is " + state;
}

} // namespace

bool isLiving(v1::VmState state) noexcept
{
    return state != v1::VM_STATE_STOPPED && state != v1::VM_STATE_FAILED;
}

void Ledger::tries(const std::string& name)
{
    const std::lock_guard lock(mutex_);
    tries_.emplace(name, Answer::Refused);
}

void Ledger::lost(const std::string& name)
{
    const std::lock_guard lock(mutex_);
    tries_[name] = Answer::Lost;
}

void Ledger::created(const v1::Vm& vm)
{
    const std::lock_guard lock(mutex_);
    const auto [it, isNew] = vms_.emplace(vm.id(), knownOf(vm));
    created_ += isNew ? 1 : 0;
    // A repeated create may be answered while the VM is launched again after it was killed.
    if (!isNew && !it->second.touched && it->second.pid != vm.pid())
        complaints_.push_back("a repeated create of VM " + vm.id() + " shows another process");
}

void Ledger::touched(const std::string& id)
{
    const std::lock_guard lock(mutex_);
    vms_[id].touched = true;
}

void Ledger::stopped(const std::string& id)
{
    const std::lock_guard lock(mutex_);
    vms_[id].stopped = true;
}

void Ledger::triesToRemove(const std::string& id)
{
    const std::lock_guard lock(mutex_);
    vms_[id].touched = vms_[id].removeTried = true;
}

void Ledger::removed(const std::string& id)
{
    const std::lock_guard lock(mutex_);
    vms_[id].removed = true;
}

void Ledger::losesPower()
{
    const std::lock_guard lock(mutex_);
    for (auto& [id, known] : vms_)
        known.lostPower = known.lostPower || !known.ended;
}

void Ledger::hears(const v1::Event& event)
{
    const std::lock_guard lock(mutex_);
    const std::string text = event.vm_id() + " " + event.kind() + " " + event.message();
    const auto [it, isNew] = events_.emplace(event.seq(), text);
    if (!isNew && it->second != text)
        complaints_.push_back("event " + std::to_string(event.seq()) + " was \"" + it->second +
                              "\", and is \"" + text + "\"");
}

std::string Ledger::pick(std::uint64_t place) const
{
    const std::lock_guard lock(mutex_);
    std::vector<std::string> ids;
    for (const auto& [id, known] : vms_)
        if (!known.removed)
            ids.push_back(id);
    return ids.empty() ? "" : ids[place % ids.size()];
}

std::size_t Ledger::size() const
{
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(vms_.begin(), vms_.end(), [](const auto& entry) { return !entry.second.removed; }));
}

bool Ledger::mayBeGone(const std::string& id) const
{
    const std::lock_guard lock(mutex_);
    const auto it = vms_.find(id);
    return it == vms_.end() || it->second.removeTried;
}

std::uint64_t Ledger::created() const
{
    const std::lock_guard lock(mutex_);
    return created_;
}

void Ledger::passes(WallTime now)
{
    const std::lock_guard lock(mutex_);
    for (auto& [id, known] : vms_)
        if (known.deadline && *known.deadline - kExpirySlack < now)
            known.mayHaveExpired = true;
}

std::vector<std::string> Ledger::disagreements(const std::vector<v1::Vm>& all, WallTime now) const
{
    const std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    std::map<std::string, const v1::Vm*> listed;
    for (const auto& vm : all)
        listed[vm.id()] = &vm;
    for (const auto& [id, known] : vms_) {
        const auto it = listed.find(id);
        const auto what = disagreement(known, it == listed.end() ? nullptr : it->second, now);
        if (!what.empty())
            found.push_back("VM " + id + " of " + known.name + " " + what);
    }
    for (const auto& vm : all) {
        if (vms_.contains(vm.id()))
            continue;
        const auto it = tries_.find(nameOf(vm));
        if (it == tries_.end())
            found.push_back("VM " + vm.id() + " was made by nobody");
        else if (it->second == Answer::Refused && isLiving(vm.state()))
            found.push_back("VM " + vm.id() + " of " + it->first + " lives, though its create was refused");
    }
    return found;
}

std::vector<std::string> Ledger::settle(const std::vector<v1::Vm>& all)
{
    const std::lock_guard lock(mutex_);
    std::map<std::string, Known> before;
    before.swap(vms_);
    std::vector<std::string> found;
    for (const auto& vm : all) {
        const auto it = before.find(vm.id());
        auto known = it == before.end() ? knownOf(vm) : it->second;
        if (it == before.end())
            found.push_back(vm.id());
        // What was tried has by now happened or never will; what lives goes on with the process it has.
        known.pid = vm.pid();
        known.removeTried = false;
        known.touched = known.ended = !isLiving(vm.state());
        known.lostPower = false;
        vms_.emplace(vm.id(), known);
    }
    tries_.clear();
    return found;
}

void Ledger::complain(const std::string& what)
{
    const std::lock_guard lock(mutex_);
    complaints_.push_back(what);
}

std::vector<std::string> Ledger::complaints() const
{
    const std::lock_guard lock(mutex_);
    return complaints_;
}

} // namespace teehost::test
