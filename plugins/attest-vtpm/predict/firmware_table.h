// SPDX-License-Identifier: Apache-2.0
//
// Firmware builds whose PCR 0 can be computed. PEIFV runs in place, and OVMF's PlatformPei has written what
// it found of the machine into a global inside of it (EFI_HOB_PLATFORM_INFO, edk2, OvmfPkg/Include/Library/
// PlatformInitLib.h) before Tcg2Pei hashes the volume: so what is measured is the file's volume with that
// global filled in. Where it lies, and what else the build decides, was found by booting it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <teehost/kit/digest.h>
#include <teehost/kit/load_options.h>

#include "predict/machine_shape.h"

namespace teehost::vtpm {

struct FirmwareBuild {
    std::string_view name;   ///< package, version and file
    std::string_view sha256; ///< of the code file, hexadecimal
    /// Offset of the global in PEIFV; nothing when not all that it holds is explained.
    std::optional<std::size_t> platformInfo = {};
    /// Offset of a second one, which a build with SMM_REQUIRE fills from the variable MemoryTypeInformation
    /// that an earlier boot has left (OvmfPkg/PlatformPei/MemTypeInfo.c).
    std::optional<std::size_t> memoryTypes = {};
    bool needsSmm = false; ///< built with SMM_REQUIRE: does not start without SMM, nor on pc
    kit::LoadOptionsForm loadOptions = kit::LoadOptionsForm::InitrdLast;
};

/// Null for a firmware that nobody has examined.
[[nodiscard]] const FirmwareBuild* findBuild(kit::ByteView sha256) noexcept;

/// Why PCR 0 of this machine cannot be computed though the build is known; nothing when it can.
[[nodiscard]] std::optional<std::string> unpredictableShape(const FirmwareBuild& build,
                                                            const MachineShape& shape);

/// Fills in the global of an unpacked PEIFV. InputError bad_firmware_volume when the volume is too short for
/// it or has something else there; the shape is one that unpredictableShape has nothing against.
void writePlatformInfo(std::span<std::uint8_t> pei_volume, const FirmwareBuild& build,
                       const MachineShape& shape);

/// Fills in the global that holds how much memory of each type to set aside. `variable` is the data of
/// MemoryTypeInformation; empty: there is none. Why it cannot be told what the firmware makes of it; nothing
/// when it can.
[[nodiscard]] std::optional<std::string> writeMemoryTypes(std::span<std::uint8_t> pei_volume,
                                                          const FirmwareBuild& build, kit::ByteView variable);

} // namespace teehost::vtpm
