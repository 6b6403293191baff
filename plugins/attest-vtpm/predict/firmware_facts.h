// SPDX-License-Identifier: Apache-2.0
//
// Facts about one firmware: from the table of those that were examined, else from a calibration.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "predict/calibration.h"
#include "predict/firmware_table.h"

namespace teehost::vtpm {

struct FirmwareFacts {
    const FirmwareBuild* build = nullptr;       ///< null: not in the table
    const CalibratedBoot* calibrated = nullptr; ///< null: not calibrated on a machine of this shape
    std::vector<const CalibratedBoot*> told;    ///< calibrated on some machine, one of this shape first
    std::string name;                           ///< for people

    /// `calibration` may be null, and must outlive the result.
    [[nodiscard]] static FirmwareFacts of(const kit::Sha256Digest& sha256, const Calibration* calibration,
                                          const MachineShape& shape);

    /// Null for a firmware that was not examined.
    [[nodiscard]] const FirmwareBehaviour* behaviour() const;
    /// Without value: not known.
    [[nodiscard]] std::optional<std::string> version() const;
    [[nodiscard]] std::optional<bool> hasSecureBoot() const;
    [[nodiscard]] std::optional<kit::LoadOptionsForm> loadOptions() const;
};

/// The event that PCR 0 is first extended with: EV_S_CRTM_VERSION, PcdFirmwareVersionString in UTF-16LE with
/// its terminator.
[[nodiscard]] kit::Bytes versionEvent(std::string_view version);

} // namespace teehost::vtpm
