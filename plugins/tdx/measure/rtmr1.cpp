// SPDX-License-Identifier: Apache-2.0
#include <teehost/kit/boot_events.h>

#include "tdx/measure/rtmr_predictions.h"

namespace teehost::tdx {
namespace {

TdEvents eventsOf(const KernelForm& kernel, ReadyToBoot separator)
{
    // OVMF loads a kernel from QEMU before its boot manager announces to call it.
    TdEvents out{{"kernel", kernel.source, kernel.digest}, textEvent(kit::kCallingApplication)};
    if (separator == ReadyToBoot::Rtmr1)
        out.push_back(separatorEvent("separator, ready to boot"));
    out.push_back(textEvent(kit::kExitInvocation));
    out.push_back(textEvent(kit::kExitReturned));
    return out;
}

std::string both(const std::string& a, const std::string& b) { return a.empty() ? b : a + ", " + b; }

} // namespace

RegisterPrediction predictRtmr1(const std::vector<KernelForm>& kernel, const FirmwareProfile* profile)
{
    RegisterPrediction out{"RTMR1"};
    for (const KernelForm& form : kernel) {
        if (profile != nullptr) {
            out.add(form.when, eventsOf(form, profile->readyToBoot));
            continue;
        }
        out.add(both(form.when, "the firmware has one separator in RTMR1"),
                eventsOf(form, ReadyToBoot::Rtmr1));
        out.add(both(form.when, "the firmware has no separator in RTMR1"),
                eventsOf(form, ReadyToBoot::Rtmr0));
    }
    return out;
}

} // namespace teehost::tdx
