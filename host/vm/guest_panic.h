// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace teehost::vm {

/// What a guest said of its panic, for people: "tdx: error-code=3, message=TD misconfiguration" of the `data`
/// of QMP's GUEST_PANICKED (QEMU, qapi/run-state.json, GuestPanicInformation). The words are the guest's:
/// bounded, and made printable. Empty when it said nothing.
[[nodiscard]] std::string panicWords(const nlohmann::json& data);

} // namespace teehost::vm
