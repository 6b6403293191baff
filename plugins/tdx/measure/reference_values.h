// SPDX-License-Identifier: Apache-2.0
//
// Names of the values that measure emits beside registers, and verify gets back.
#pragma once

#include <string_view>

namespace teehost::tdx::reference {

/// Why a register is not predicted: "tdx.unpredictable.rtmr0".
inline constexpr std::string_view kUnpredictable = "tdx.unpredictable.";
/// The digests that RTMR0 is extended with, one after the other, those of the ACPI tables being zeros: for a
/// verification that takes these from the guest's event log.
inline constexpr std::string_view kRtmr0Events = "tdx.rtmr0_events";
/// How the ACPI tables were come by that RTMR0 covers, nameOf(AcpiOrigin) (measure/acpi_tables.h).
inline constexpr std::string_view kAcpi = "tdx.acpi";
/// Says why a register is what firmware or kernel may measure, not what they are known to: a quote that shows
/// something else proves nothing. "tdx.unexamined.rtmr1"
inline constexpr std::string_view kUnexamined = "tdx.unexamined.";
/// Where an event log leaves what is predicted: "tdx.log.rtmr1".
inline constexpr std::string_view kLog = "tdx.log.";

/// Whether it is for people, and no evidence is held against it.
[[nodiscard]] constexpr bool isRemark(std::string_view key) noexcept
{
    return key == "tdx.firmware" || key == "tdx.firmware_profile" || key == "tdx.firmware_note" ||
           key == "tdx.not_portable" || key == "tdx.qemu_refuses" || key == kAcpi || key.starts_with(kLog);
}

} // namespace teehost::tdx::reference
