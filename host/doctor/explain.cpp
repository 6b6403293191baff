// SPDX-License-Identifier: Apache-2.0
#include "host/doctor/explain.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <cstring>
#include <sys/wait.h>

#include "host/base/text.h"

namespace teehost::doctor {
namespace {

struct Rule {
    std::string_view words; ///< as QEMU 7.2 writes them under LC_ALL=C
    unsigned confidence;
    std::string_view cause, remedy;
};

constexpr std::string_view kPortWords = "Could not set up host forwarding rule";

constexpr std::array kRules{
    Rule{kPortWords, 90, "QEMU could not bind the agent's host port",
         "end what listens there, or change qemu.host_fwd_range or qemu.host_fwd_address"},
    Rule{"Could not access KVM kernel module: No such file", 90, "there is no /dev/kvm on this host",
         "load kvm_amd or kvm_intel, enable virtualisation in the firmware, or set qemu.enable_kvm=false"},
    Rule{"Could not access KVM kernel module: Permission denied", 90, "QEMU may not open /dev/kvm",
         "add the account QEMU runs as to the group kvm"},
    Rule{"failed to initialize kvm", 70, "KVM could not be initialised",
         "see teehostd's log for the KVM probe's verdict"},
    Rule{"could not open kernel file", 90, "QEMU could not open the kernel",
         "check qemu.kernel.file and that QEMU's account may read it"},
    Rule{"invalid kernel header", 90, "the kernel file is not a bootable x86 kernel",
         "check qemu.kernel.file"},
    Rule{"linux kernel too old", 90, "the kernel file is not a Linux kernel QEMU can boot",
         "check qemu.kernel.file"},
    Rule{"error reading initrd", 90, "QEMU could not read the initrd",
         "check qemu.kernel.initrd and that QEMU's account may read it"},
    Rule{"could not load PC BIOS", 90, "QEMU could not load the firmware",
         "install the ovmf package, or check ovmf.code.file"},
    Rule{"cannot set up guest memory", 90, "the host has not enough memory for the VM",
         "ask for less memory, or remove other VMs"},
    Rule{"unable to map backing store for guest RAM", 90, "the host has not enough huge pages for the VM",
         "reserve more huge pages, or ask for less memory"},
    Rule{"unsupported machine type", 90, "this QEMU has no such machine type", "check qemu.machine"},
    Rule{"unable to find CPU model", 90, "this QEMU has no such CPU model", "check qemu.cpu"},
    Rule{"Invalid SMP CPUs", 90, "the machine type takes fewer vCPUs than asked for",
         "ask for fewer, or lower qemu.smp.maxcpus"},
    Rule{"does not accept value", 80, "this QEMU does not know an object that the backend needs",
         "install a newer QEMU; the backend's documentation names the version"},
    Rule{"is not a valid device model name", 80, "this QEMU lacks a device the VM needs",
         "install the complete QEMU package of the distribution"},
    Rule{"cannot initialize fsdev", 85, "QEMU could not open one of the VM's 9p shares",
         "check that QEMU's account may reach runtime.dir"},
    Rule{"fsdev support is disabled", 90, "this QEMU is built without 9p shares",
         "install a QEMU with virtfs"},
    Rule{"Failed to get \"write\" lock", 90, "another process uses the disk image", "end the other process"},
    Rule{"invalid accelerator", 90, "this QEMU is built without the accelerator",
         "install a QEMU with it, or change qemu.enable_kvm"},
    Rule{"invalid option", 60, "QEMU refused one of its options",
         "the QEMU command line is in teehostd's log"},
    Rule{"Parameter", 40, "QEMU refused one of its options", "the QEMU command line is in teehostd's log"},
    Rule{"teehost-launch:", 80, "QEMU could not be started", "see the words quoted"},
};

std::string lineWith(const std::string& output, std::string_view words)
{
    const auto at = output.find(words);
    if (at == std::string::npos)
        return {};
    const auto begin = output.rfind('\n', at) + 1; // npos + 1 is the beginning
    const auto end = output.find('\n', at);
    return printable(trim(std::string_view(output).substr(begin, end - begin)));
}

/// The first line that is not a warning: QEMU tells its error before what follows from it.
std::string firstComplaint(const std::string& output)
{
    for (const auto& line : split(output, '\n'))
        if (!trim(line).empty() && line.find("warning: ") == std::string::npos)
            return printable(trim(line));
    return {};
}

std::string exitText(int waitStatus)
{
    if (waitStatus == -1)
        return "did not get ready";
    if (WIFSIGNALED(waitStatus)) {
        const char* name = ::sigabbrev_np(WTERMSIG(waitStatus));
        return "was killed by SIG" + std::string(name == nullptr ? "?" : name);
    }
    return "ended with exit status " + std::to_string(WEXITSTATUS(waitStatus));
}

std::vector<plugin::Finding> signalFindings(int waitStatus)
{
    if (waitStatus == -1 || !WIFSIGNALED(waitStatus))
        return {};
    if (WTERMSIG(waitStatus) == SIGSYS)
        return {{80, "QEMU's sandbox refused a system call",
                 "set qemu.sandbox=false and report the QEMU version", ""}};
    if (WTERMSIG(waitStatus) == SIGKILL)
        return {{60, "QEMU was killed, by the kernel's OOM killer or by hand",
                 "see the kernel's log; free memory", ""}};
    return {{60, "QEMU crashed: it " + exitText(waitStatus), "report it with the VM's qemu.log", ""}};
}

} // namespace

bool isPortBusy(const std::string& output) { return output.find(kPortWords) != std::string::npos; }

std::vector<plugin::Finding> hostFindings(const plugin::Failure& failure)
{
    auto findings = signalFindings(failure.waitStatus);
    for (const auto& rule : kRules)
        if (const auto line = lineWith(failure.stderrTail, rule.words); !line.empty())
            findings.push_back({rule.confidence, std::string(rule.cause), std::string(rule.remedy), line});
    std::stable_sort(findings.begin(), findings.end(),
                     [](const auto& a, const auto& b) { return a.confidence > b.confidence; });
    return findings;
}

Explanation explain(const plugin::Failure& failure, const std::vector<plugin::Finding>& pluginFindings)
{
    auto findings = pluginFindings;
    for (auto& finding : hostFindings(failure))
        findings.push_back(std::move(finding));
    // On equal confidence the plugin wins: it knows its platform.
    const auto best = std::max_element(findings.begin(), findings.end(), [](const auto& a, const auto& b) {
        return a.confidence < b.confidence;
    });
    if (best != findings.end())
        return {best->cause, best->remedy, best->quote};
    const auto line = firstComplaint(failure.stderrTail);
    if (failure.waitStatus == 0)
        return {
            "the guest rebooted or powered off at once, before QEMU's monitor answered",
            "look at the VM's console; check firmware, kernel and memory size: a guest without room for them "
            "resets",
            line};
    return {"QEMU " + exitText(failure.waitStatus),
            "the VM's qemu.log and the command line in teehostd's log say more", line};
}

} // namespace teehost::doctor
