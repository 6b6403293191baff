// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace teehost::kit {

/// Makes of a bzImage what QEMU hands to the firmware: x86_load_linux (hw/i386/x86.c) fills in the setup
/// header as a boot loader does (Linux, Documentation/arch/x86/boot.rst), and the firmware measures that.
/// `low_memory` is that of the machine; of the command line, "vga=" counts. InputError bad_kernel for what is
/// no bzImage of protocol 2.02 or later, or an initrd that does not fit.
void patchKernelHeader(std::span<std::uint8_t> kernel, std::uint64_t low_memory,
                       std::optional<std::uint64_t> initrd_size, std::string_view cmdline = {});

/// The version that a kernel states, as far as what it measures depends on it.
struct LinuxVersion {
    unsigned major = 0, minor = 0;
    auto operator<=>(const LinuxVersion&) const = default;
};

/// Reads the version of the bzImage at `path`, whose header points to a text like "6.12.57+deb12-amd64
/// (...)". Returns nullopt for a file that cannot be read, is no bzImage or has no such text: a version is
/// never more than a hint.
[[nodiscard]] std::optional<LinuxVersion> linuxVersionOf(const std::string& path);

[[nodiscard]] inline std::string toText(const LinuxVersion& version)
{
    return std::to_string(version.major) + "." + std::to_string(version.minor);
}

} // namespace teehost::kit
