// SPDX-License-Identifier: Apache-2.0
//
// The measurement registers of a TD, computed from what it boots:
//
//     TdInputs inputs;
//     inputs.firmware = "/usr/share/ovmf/OVMF.inteltdx.fd";
//     inputs.profile = parseFirmwareProfile("edk2-2025.02");
//     ...
//     const TdMeasurement out = measureTd(inputs);
//     out.find("RTMR1")->candidates     // any of which the quote must show, or
//     out.find("RTMR1")->reason         // why there are none
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tdx/measure/acpi_tables.h"
#include "tdx/measure/firmware_profile.h"
#include "tdx/measure/mrtd.h"
#include "tdx/measure/rtmr.h"

namespace teehost::tdx {

/// Which MRTD is expected.
enum class MrtdChoice { SinglePass, TwoPass, Any };

/// "single-pass", "two-pass", "any"; nothing for another word.
[[nodiscard]] std::optional<MrtdChoice> mrtdChoiceNamed(std::string_view word) noexcept;

/// What newer firmware measures of fw_cfg, in this order, each where there is such an item (edk2,
/// OvmfPkg/Library/QemuFwCfgLib, QemuFwCfgCache: mCacheFwCfgList). kBootMenu is a key of its own and no file.
inline constexpr std::string_view kBootMenu = "BootMenu";
inline constexpr std::array<std::string_view, 6> kMeasuredFwCfg{
    "etc/extra-pci-roots",    kBootMenu,  "etc/boot-menu-wait", "etc/reserved-memory-end",
    "opt/ovmf/X-PciMmio64Mb", "bootorder"};

/// A fw_cfg item by QEMU's name ("bootorder"), as it is served.
struct FwCfgItem {
    std::string name;
    kit::Bytes content;
};

struct TdInputs {
    std::string firmware;                   ///< path of the whole image
    std::optional<FirmwareProfile> profile; ///< nothing: that of the image, where it is known
    MrtdChoice mrtd = MrtdChoice::SinglePass;

    std::string kernel; ///< path; empty: boots from a disk
    std::string initrd; ///< path; empty: none
    std::string cmdline;
    std::string qemuVersion;       ///< "10.1.2"; empty if unknown
    std::uint64_t memoryBytes = 0; ///< of a q35 without max-ram-below-4g
    std::string otherMemoryLayout; ///< why memory is not laid out like that; empty when it is

    std::optional<AcpiTables> acpi;
    std::string noAcpi; ///< why there are none, for people
    /// Of the items that newer firmware measures, those that the machine has; others are not looked at.
    /// Nothing: it is not known which it has.
    std::optional<std::vector<FwCfgItem>> fwCfg{};
};

struct TdMeasurement {
    std::vector<RegisterPrediction> registers; ///< MRTD, RTMR0 to RTMR3
    TdEvents commentary;                       ///< of MRTD: what it is in the order that is not expected
    std::string firmware;                      ///< what it is, for people
    std::string profile;                       ///< name; empty when it is not known
    std::string firmwareNote{}; ///< why its RTMRs say nothing, though a profile is given; may be empty
    /// Says why RTMR1 and RTMR2 are what may be, not what was seen to be; empty when they are the latter.
    std::string unexaminedRtmr1{}, unexaminedRtmr2{};
    std::optional<std::string> qemuRefuses, notPortable;
    std::optional<AcpiOrigin> acpi; ///< of the tables in RTMR0
    /// What RTMR0 is extended with but for the ACPI tables, whose digests are zeros; empty when they are
    /// known, or RTMR0 is not predicted for another reason.
    TdEvents rtmr0WithoutAcpi{};

    [[nodiscard]] const RegisterPrediction* find(std::string_view name) const noexcept;
};

/// InputError TDVF_... (tdvf_image.h), bad_initrd. std::system_error and std::runtime_error for files
/// that cannot be read.
[[nodiscard]] TdMeasurement measureTd(const TdInputs& inputs);

} // namespace teehost::tdx
