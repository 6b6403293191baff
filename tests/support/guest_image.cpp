// SPDX-License-Identifier: Apache-2.0
#include "support/guest_image.h"

#include <cstdlib>
#include <stdexcept>

namespace teehost::test {

const GuestImage& guestImage()
{
    static const GuestImage image = [] {
        const char* given = std::getenv("TEEHOST_GUEST_DIR");
        const std::filesystem::path dir = given == nullptr ? TEEHOST_TEST_GUEST_DIR : given;
        GuestImage found{dir, dir / "bzImage", dir / "vmlinux", dir / "rootfs.cpio"};
        for (const auto& file : {found.bzImage, found.vmlinux, found.initrd})
            if (!std::filesystem::is_regular_file(file))
                throw std::runtime_error("there is no guest image: " + file.string() +
                                         " is missing; run `guest/build build/guest` in the source tree, or "
                                         "name another directory in TEEHOST_GUEST_DIR");
        return found;
    }();
    return image;
}

} // namespace teehost::test
