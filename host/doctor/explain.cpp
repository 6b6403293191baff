// SPDX-License-Identifier: Apache-2.0
#include "host/doctor/explain.h"

#include <algorithm>
#include <string_view>

#include <cstring>
#include <sys/wait.h>

#include "host/base/text.h"
#include "host/doctor/qemu_symptoms.h"

namespace teehost::doctor {
namespace {

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
        return {{80, "QEMU's sandbox refused a system call.",
                 "Set qemu.sandbox=false and report the QEMU version.", ""}};
    if (WTERMSIG(waitStatus) == SIGKILL)
        return {{60, "QEMU was killed, by the kernel's OOM killer or by hand.",
                 "See the kernel's log; free memory.", ""}};
    return {{60, "QEMU crashed: it " + exitText(waitStatus) + ".", "Report it with the VM's qemu.log.", ""}};
}

} // namespace

bool isPortBusy(const std::string& output) { return kit::hasWords(output, kPortBusyWords); }

std::vector<plugin::Finding> hostFindings(const plugin::Failure& failure)
{
    auto findings = signalFindings(failure.waitStatus);
    for (const auto& found : kit::findSymptoms(qemuSymptoms(), failure.stderrTail))
        findings.push_back({found.confidence, std::string(found.symptom->cause),
                            std::string(found.symptom->remedy), printable(trim(found.line))});
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
