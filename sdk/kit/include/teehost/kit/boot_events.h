// SPDX-License-Identifier: Apache-2.0
//
// What a UEFI firmware measures in the same words on every machine (TCG PC Client Platform Firmware Profile,
// section 10.4), and the one boot option that OVMF makes up.
#pragma once

#include <array>
#include <string_view>

#include "teehost/kit/bytes.h"

namespace teehost::kit {

inline constexpr std::string_view kCallingApplication = "Calling EFI Application from Boot Option";
inline constexpr std::string_view kExitInvocation = "Exit Boot Services Invocation";
inline constexpr std::string_view kExitReturned = "Exit Boot Services Returned with Success";
inline constexpr std::array<std::uint8_t, 4> kSeparator{};

/// BootOrder of a firmware with nothing else to boot: Boot0000.
inline constexpr std::array<std::uint8_t, 2> kFirstOptionOnly{};

/// The option that OVMF makes of its own setup application; Boot0000, with nothing else to boot.
/// EFI_LOAD_OPTION (UEFI specification, section 3.1.3): active and in the category of applications, "UiApp",
/// and the device path of the application in DXEFV.
inline constexpr std::array<std::uint8_t, 62> kSetupBootOption{
    0x09, 0x01, 0x00, 0x00, 0x2c, 0x00, 0x55, 0x00, 0x69, 0x00, 0x41, 0x00, 0x70, 0x00, 0x70, 0x00,
    0x00, 0x00, 0x04, 0x07, 0x14, 0x00, 0xc9, 0xbd, 0xb8, 0x7c, 0xeb, 0xf8, 0x34, 0x4f, 0xaa, 0xea,
    0x3e, 0xe4, 0xaf, 0x65, 0x16, 0xa1, 0x04, 0x06, 0x14, 0x00, 0x21, 0xaa, 0x2c, 0x46, 0x14, 0x76,
    0x03, 0x45, 0x83, 0x6e, 0x8a, 0xb6, 0xf4, 0x66, 0x23, 0x31, 0x7f, 0xff, 0x04, 0x00};

} // namespace teehost::kit
