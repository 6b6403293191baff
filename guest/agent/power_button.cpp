// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/power_button.h"

#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <linux/input.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace teehost::guest {
namespace {

bool hasPowerKey(int device)
{
    unsigned char keys[KEY_MAX / 8 + 1] = {};
    return ::ioctl(device, EVIOCGBIT(EV_KEY, sizeof keys), keys) >= 0 &&
           (keys[KEY_POWER / 8] >> (KEY_POWER % 8) & 1) != 0;
}

} // namespace

PowerButton::PowerButton()
{
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/input", none)) {
        if (!entry.path().filename().string().starts_with("event"))
            continue;
        UniqueFd device(::open(entry.path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        if (device && hasPowerKey(device.get()))
            devices_.push_back(std::move(device));
    }
}

bool PowerButton::pressed(int device)
{
    bool down = false;
    input_event event{};
    while (::read(device, &event, sizeof event) == static_cast<ssize_t>(sizeof event))
        down = down || (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1);
    return down;
}

} // namespace teehost::guest
