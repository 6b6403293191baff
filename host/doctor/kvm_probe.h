// SPDX-License-Identifier: Apache-2.0
//
// Is KVM usable here? /dev/kvm that opens, creates VMs and even runs a one-instruction guest is no proof: on
// some nested hosts every instruction of a guest kernel is interpreted, and an ordinary guest never gets
// anywhere. So this runs a tiny guest in 64-bit mode, ring 0, with paging, under a deadline: a loop of a
// million iterations, an SSE instruction, and 256 exits.
#pragma once

#include <string>
#include <string_view>

namespace teehost::doctor {

enum class KvmVerdict {
    Works,    ///< the guest ran at the speed of hardware
    Slow,     ///< it ran, but several times slower than hardware should
    Missing,  ///< there is no /dev/kvm
    NoAccess, ///< it may not be opened
    Emulated, ///< the guest hardly advanced: KVM interprets it
    Broken,   ///< something else went wrong
};

struct KvmProbeResult {
    KvmVerdict verdict = KvmVerdict::Broken;
    std::string message; ///< what was seen, a sentence
    std::string remedy;
    double nsPerIteration = 0; ///< of the guest's loop; 0 when it did not finish
    double nsPerExit = 0;

    [[nodiscard]] bool usable() const noexcept
    {
        return verdict == KvmVerdict::Works || verdict == KvmVerdict::Slow;
    }
};

/// Runs the guest in this process, on this thread; takes at most about a second. Uses SIGALRM: only for a
/// process that does nothing else.
[[nodiscard]] KvmProbeResult probeKvmHere();

/// Runs `program --probe-kvm` as a child with a deadline, so that nothing KVM does can hang the caller.
/// Blocking.
[[nodiscard]] KvmProbeResult probeKvm(const std::string& program);

/// One line of JSON, for the pipe between the two.
[[nodiscard]] std::string toLine(const KvmProbeResult& result);
/// Throws InvalidArgument.
[[nodiscard]] KvmProbeResult fromLine(std::string_view line);

} // namespace teehost::doctor
