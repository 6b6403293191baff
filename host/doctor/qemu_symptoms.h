// SPDX-License-Identifier: Apache-2.0
//
// Messages of QEMU and the host's kernel about VMs of every backend. A plugin knows those of its own kind of
// VM.
#pragma once

#include <span>
#include <string_view>

#include <teehost/kit/symptom.h>

namespace teehost::doctor {

/// QEMU's words when another program has the port that is forwarded to the agent.
inline constexpr std::string_view kPortBusyWords = "Could not set up host forwarding rule";

[[nodiscard]] std::span<const kit::Symptom> qemuSymptoms();

} // namespace teehost::doctor
