// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "host/base/unique_fd.h"

namespace teehost::guest {

/// The input devices that can report KEY_POWER: under QEMU the ACPI button, which QMP's system_powerdown
/// presses.
class PowerButton {
public:
    /// Finds them among /dev/input/event*. None is no error: without ACPI there is no button.
    PowerButton();

    [[nodiscard]] const std::vector<UniqueFd>& devices() const noexcept { return devices_; }

    /// Reads what waits on one of devices(); true when the button went down.
    [[nodiscard]] static bool pressed(int device);

private:
    std::vector<UniqueFd> devices_;
};

} // namespace teehost::guest
