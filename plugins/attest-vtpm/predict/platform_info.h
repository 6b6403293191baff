// SPDX-License-Identifier: Apache-2.0
//
// PEIFV as it lies in memory. It runs in place, and OVMF's PlatformPei has written what it found of the
// machine into globals inside of it before Tcg2Pei hashes the volume: until 2022 all of EFI_HOB_PLATFORM_INFO
// (edk2, OvmfPkg/Include/Library/PlatformInitLib.h), later little or nothing. What is measured is the file's
// volume with these filled in.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "predict/firmware_table.h"
#include "predict/machine_shape.h"

namespace teehost::vtpm {

/// Says why PCR 0 of this machine cannot be computed though the build is known; nullopt when it can.
[[nodiscard]] std::optional<std::string> unpredictableShape(const FirmwareBuild& build,
                                                            const MachineShape& shape);

/// Fills in what the build learns of the machine in an unpacked PEIFV. InputError bad_firmware_volume when
/// the volume is too short for it or has something else there; the shape is one that unpredictableShape has
/// nothing against, and the build's writes are known.
void writeMachine(std::span<std::uint8_t> pei_volume, const FirmwareBuild& build, const MachineShape& shape);

/// Fills in the global that holds how much memory of each type to set aside. `variable` is the data of
/// MemoryTypeInformation; empty: there is none. Why it cannot be told what the firmware makes of it; nothing
/// when it can.
[[nodiscard]] std::optional<std::string> writeMemoryTypes(std::span<std::uint8_t> pei_volume,
                                                          const PeiWrites& writes, kit::ByteView variable);

} // namespace teehost::vtpm
