// SPDX-License-Identifier: Apache-2.0
//
// What probe, diagnose and capacity of a plugin take and give.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/plugin/evidence.h"

namespace teehost::plugin {

/// One check of this host. A required check that is FAIL or ERROR, or missing, means the plugin cannot be
/// used here.
struct ProbeCheck {
    std::string id;
    std::string title;
    Verdict verdict = Verdict::Unset;
    std::string message;
    std::string hint; ///< remedy
    bool required = false;

    [[nodiscard]] bool blocks() const noexcept
    {
        return required && verdict != Verdict::Pass && verdict != Verdict::Warn;
    }
};

/// A failed start, in the words of those who failed.
struct Failure {
    int waitStatus = -1;    ///< as from waitpid(2); -1: still running or never started
    std::string stage;      ///< "sidecar:NAME", "qemu", "qmp", "boot"
    std::string stderrTail; ///< at most 64 KiB are passed on; other bytes than UTF-8 are replaced
    std::string qmpError;
};

struct Finding {
    unsigned confidence = 0; ///< 0..100
    std::string cause;
    std::string remedy;
    std::string quote; ///< the words that led here
};

/// How many VMs of one plugin the host can still take, for one resource.
struct Capacity {
    std::string resource; ///< "SEV-ES/SNP ASIDs"
    std::uint64_t total = 0;
    std::optional<std::uint64_t> inUse; ///< absent: the platform does not say; count your own
    std::uint64_t perVm = 1;
};

} // namespace teehost::plugin
