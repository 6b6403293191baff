// SPDX-License-Identifier: Apache-2.0
//
// What a build of edk2 measures into RTMRs, and how: nothing in the image says so, so an operator who knows
// the build does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <teehost/kit/digest.h>
#include <teehost/kit/load_options.h>

namespace teehost::tdx {

/// Where the separator goes that the firmware measures when it is ready to boot.
enum class ReadyToBoot { Rtmr0, Rtmr1 };

struct FirmwareProfile {
    std::string name; ///< "edk2-2022.11", "custom"
    ReadyToBoot readyToBoot = ReadyToBoot::Rtmr0;
    kit::LoadOptionsForm loadOptions = kit::LoadOptionsForm::InitrdLast;
    bool measuresFwCfg = false;  ///< the fw_cfg items that it reads, one by one
    bool measuresSmbios = false; ///< SMBIOS tables, which nobody computes
    bool hasSecureBoot = false;  ///< built with it: the variable SecureBoot is there while it is off, too
};

/// "edk2-2022.11", "edk2-2025.02" (from edk2-stable202411 to 202502), "edk2-2025.08" (from edk2-stable202508
/// on), or "custom" with what differs from the oldest of them, in any order:
/// "custom,ready-to-boot=rtmr1,initrd=first,fw-cfg=on,smbios=on,secure-boot=on". Nothing for "auto" and the
/// empty text; InputError bad_firmware_profile for another.
[[nodiscard]] std::optional<FirmwareProfile> parseFirmwareProfile(std::string_view text);

/// An image that somebody has looked into.
struct KnownFirmware {
    std::string_view name;    ///< package, version and file
    std::string_view sha256;  ///< hexadecimal
    std::string_view profile; ///< as parseFirmwareProfile reads it
    /// Why its RTMRs say nothing of what it boots; empty when they do.
    std::string_view measuresNothing;
};

/// Null for an image that nobody has examined.
[[nodiscard]] const KnownFirmware* findFirmware(const kit::Sha256Digest& sha256) noexcept;

} // namespace teehost::tdx
