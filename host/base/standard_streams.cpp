// SPDX-License-Identifier: Apache-2.0
#include "host/base/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

namespace teehost {

void openStandardStreams() noexcept
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
        if (::fcntl(fd, F_GETFD) == -1)
            // The lowest free number is taken, and those below are open.
            static_cast<void>(::open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY));
}

} // namespace teehost
