// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace teehost::vm {

/// The number of connections in QEMU's table of its user network (HMP "info usernet") that the guest has
/// taken on that port of its own. QEMU takes connections in the guest's place before the guest does; a server
/// that says nothing looks like no guest at all from outside.
[[nodiscard]] std::size_t countEstablished(std::string_view table, std::uint16_t guestPort);

} // namespace teehost::vm
