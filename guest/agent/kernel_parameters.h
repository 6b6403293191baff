// SPDX-License-Identifier: Apache-2.0
//
// The words for the agent on the kernel command line. Each parameter is `teehost.NAME=value`; guest/README.md
// lists them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace teehost::guest {

/// Misbehaviour on demand, for tests of whoever runs the VM; see fault.h, and of the last four
/// attest/misbehaviour.h.
enum class Fault {
    None,
    PowerOff,
    Reboot,
    Panic,
    NoAgent,
    EndAgent,
    IgnorePower,
    ExtendPcr,
    ReplayQuote,
    LiePcrs,
    LieKey
};

struct KernelParameters {
    std::uint16_t agentPort = 7002;
    std::string console = "console"; ///< device below /dev that gets the agent's lines
    bool selftest = false;
    Fault fault = Fault::None;
    std::chrono::milliseconds faultDelay{0};
    std::chrono::seconds runLimit{3600}; ///< for an algorithm
    std::vector<std::string> problems;   ///< a sentence for each parameter that was not understood; printable
};

/// Reads the text of /proc/cmdline. A parameter of another prefix is passed over; of one given twice the last
/// counts, as in the kernel; one with a value that does not fit is reported and keeps its default.
[[nodiscard]] KernelParameters parseKernelParameters(std::string_view commandLine);

} // namespace teehost::guest
