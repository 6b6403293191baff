// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "teehost/kit/bytes.h"

namespace teehost::kit {

/// Where a firmware tells the kernel that there is an initrd: edk2's QemuLoadImageLib appended it until it
/// began to prepend it, so that the command line's "--" does not hide it.
enum class LoadOptionsForm { InitrdLast, InitrdFirst };

/// Why it cannot be told what UTF-16 the firmware makes of a command line; nothing for one that is fine.
[[nodiscard]] std::optional<std::string> notPlainCmdline(std::string_view cmdline);

/// Why a command line is not launched with its PCRs predicted; nothing for one that is fine. Besides
/// the above, QEMU acts on vga= by changing the kernel's header.
[[nodiscard]] std::optional<std::string> unpredictableCmdline(std::string_view cmdline);

/// What the kernel finds as its load options and measures into PCR 9: UTF-16LE with its terminator. Empty
/// when there is neither command line nor initrd: then nothing is measured.
[[nodiscard]] Bytes loadOptions(std::string_view cmdline, bool initrd, LoadOptionsForm form);

} // namespace teehost::kit
