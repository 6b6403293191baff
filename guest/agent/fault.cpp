// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/fault.h"

#include <algorithm>
#include <exception>
#include <string>

#include <sys/reboot.h>
#include <unistd.h>

#include "guest/agent/attest/misbehaviour.h"

namespace teehost::guest {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

void extend(const Console& console)
{
    try {
        extendPcr();
        console.line("fault: PCR 4 extended");
    } catch (const std::exception& e) { // a PID 1 that ends is another fault
        console.line(std::string("fault: PCR 4 not extended: ") + e.what());
    }
}

} // namespace

FaultPlan::FaultPlan(const KernelParameters& parameters)
    : fault_(parameters.fault), due_(steady_clock::now() + parameters.faultDelay)
{
}

std::optional<milliseconds> FaultPlan::dueIn() const
{
    if (fault_ != Fault::PowerOff && fault_ != Fault::Reboot && fault_ != Fault::Panic &&
        fault_ != Fault::ExtendPcr && fault_ != Fault::EndAgent)
        return std::nullopt;
    // Rounded up: a poll that woke a fraction early would find nothing due and spin.
    return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(due_ - steady_clock::now()));
}

bool FaultPlan::endsAgent()
{
    if (fault_ != Fault::EndAgent || *dueIn() > milliseconds(0))
        return false;
    fault_ = Fault::None; // once
    return true;
}

void FaultPlan::run(const Console& console)
{
    const auto left = dueIn();
    if (!left || *left > milliseconds(0) || fault_ == Fault::EndAgent)
        return;
    if (fault_ == Fault::PowerOff) {
        console.line("fault: powering off");
        ::reboot(RB_POWER_OFF);
    } else if (fault_ == Fault::Reboot) {
        console.line("fault: rebooting");
        ::reboot(RB_AUTOBOOT);
    } else if (fault_ == Fault::ExtendPcr) {
        extend(console);
        fault_ = Fault::None; // once
    } else {
        console.line("fault: PID 1 exits, which the kernel answers with a panic");
        ::_exit(1);
    }
}

} // namespace teehost::guest
