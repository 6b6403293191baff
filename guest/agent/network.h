// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace teehost::guest {

/// Brings up lo, and eth0 with the addresses of QEMU's user network (10.0.2.15/24, gateway 10.0.2.2: QEMU
/// manual, "Using the user mode network stack"): fixed, so no DHCP exchange at boot. Names
/// are asked of its DNS at 10.0.2.3, by way of /etc/resolv.conf. Throws std::system_error.
void configureNetwork();

} // namespace teehost::guest
