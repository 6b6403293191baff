// SPDX-License-Identifier: Apache-2.0
//
// Firmware that was examined: each build was booted beside a software TPM, and every PCR was compared with
// what is computed here (tests/integration/vtpm/firmware_matrix_test.cpp). Nothing is predicted of the
// behaviour of another firmware, since a wrong value would reject a VM that is as it should be.
#pragma once

#include <optional>
#include <string_view>

#include <teehost/kit/digest.h>
#include <teehost/kit/load_options.h>

namespace teehost::vtpm {

/// The fate of a kernel from QEMU that Secure Boot denies.
enum class DeniedKernel {
    StartsUnmeasured, ///< it is started in a way that measures nothing
    Refused           ///< it is not started: the firmware's own menu is shown
};

/// Describes what all builds of one version of edk2 measure alike.
struct FirmwareBehaviour {
    std::string_view name; ///< "edk2-2022.11"
    kit::LoadOptionsForm loadOptions = kit::LoadOptionsForm::InitrdLast;
    /// The reason for which PCR 1 is not computed; empty when all of it is the boot option of the firmware's
    /// own setup.
    std::string_view otherInPcr1 = {};
    DeniedKernel deniedKernel = DeniedKernel::StartsUnmeasured;
    /// Takes a kernel from QEMU's "etc/boot/kernel", which holds the file as it is, where QEMU has that.
    bool takesWholeKernel = false;
};

/// The places in PEIFV that a build writes to before it measures that: offsets in the volume
/// (platform_info.h).
struct PeiWrites {
    /// Holds what it learns of the platform: EFI_HOB_PLATFORM_INFO, a global in builds until 2022.
    std::optional<std::size_t> platformInfo = {};
    /// Holds how much memory of each type to set aside, which a build with SMM_REQUIRE takes from the
    /// variable MemoryTypeInformation that an earlier boot has left (OvmfPkg/PlatformPei/MemTypeInfo.c).
    std::optional<std::size_t> memoryTypes = {};
    /// Holds the I/O port of the ACPI timer (OvmfPkg/Library/AcpiTimerLib, mAcpiTimerIoAddr).
    std::optional<std::size_t> acpiTimer = {};
};

struct FirmwareBuild {
    std::string_view name;                        ///< package, version and file
    std::string_view sha256;                      ///< of the code file, hexadecimal
    const FirmwareBehaviour* behaviour = nullptr; ///< never null in the table
    std::string_view version = {};                ///< what PCR 0 is first extended with
    /// Built with Secure Boot: the variable SecureBoot exists also while that is off.
    bool hasSecureBoot = true;
    /// Absent when some of what the firmware writes is not explained.
    std::optional<PeiWrites> pei = {};
    bool needsSmm = false; ///< built with SMM_REQUIRE: does not start without SMM, nor on pc
};

/// Null for a firmware that nobody has examined.
[[nodiscard]] const FirmwareBuild* findBuild(kit::ByteView sha256) noexcept;

/// By name; null for another.
[[nodiscard]] const FirmwareBehaviour* findBehaviour(std::string_view name) noexcept;

} // namespace teehost::vtpm
