// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace teehost::test {

/// The reference guest image, made by `guest/build build/guest`; TEEHOST_GUEST_DIR names another place.
struct GuestImage {
    std::filesystem::path directory;
    std::filesystem::path bzImage; ///< what firmware starts
    std::filesystem::path vmlinux; ///< what QEMU starts by PVH, which is faster
    std::filesystem::path initrd;
};

/// Throws with what to run when the image is not there: a test that cannot run has failed.
[[nodiscard]] const GuestImage& guestImage();

} // namespace teehost::test
