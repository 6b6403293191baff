// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace teehost::kit {

/// Makes of a bzImage what QEMU hands to the firmware: x86_load_linux (hw/i386/x86.c) fills in the setup
/// header as a boot loader does (Linux, Documentation/arch/x86/boot.rst), and the firmware measures that.
/// `low_memory` is that of the machine; of the command line, "vga=" counts. InputError bad_kernel for what is
/// no bzImage of protocol 2.02 or later, or an initrd that does not fit.
void patchKernelHeader(std::span<std::uint8_t> kernel, std::uint64_t low_memory,
                       std::optional<std::uint64_t> initrd_size, std::string_view cmdline = {});

} // namespace teehost::kit
