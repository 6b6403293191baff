// SPDX-License-Identifier: Apache-2.0
//
// What QEMU and the host's kernel say of every VM, whatever its backend. What concerns one kind of VM is
// known by its plugin.
#pragma once

#include <span>
#include <string_view>

#include <teehost/kit/symptom.h>

namespace teehost::doctor {

/// QEMU's words when another program has the port that is forwarded to the agent.
inline constexpr std::string_view kPortBusyWords = "Could not set up host forwarding rule";

[[nodiscard]] std::span<const kit::Symptom> qemuSymptoms();

} // namespace teehost::doctor
