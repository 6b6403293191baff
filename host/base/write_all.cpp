// SPDX-License-Identifier: Apache-2.0
#include "host/base/write_all.h"

#include <cerrno>

#include <unistd.h>

namespace teehost {

bool writeAll(int fd, std::string_view bytes) noexcept
{
    while (!bytes.empty()) {
        const auto written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

} // namespace teehost
