// SPDX-License-Identifier: Apache-2.0
//
// Digests of the firmware's volumes as some machine measured them: reference values for a firmware whose PCR
// 0 cannot be computed. They are as trustworthy as the boot that they were taken from.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <teehost/kit/digest.h>
#include <teehost/kit/load_options.h>

#include "predict/firmware_table.h"
#include "predict/machine_shape.h"

namespace teehost::vtpm {

/// What one firmware measured on one machine.
struct CalibratedBoot {
    kit::Sha256Digest firmware{}; ///< of the code file
    MachineShape shape;
    std::optional<kit::LoadOptionsForm> loadOptions; ///< where the log of that boot told
    /// The behaviour that the log told of a firmware that is not in the table (firmware_table.h).
    const FirmwareBehaviour* behaviour = nullptr; ///< null: not told
    std::optional<std::string> version;           ///< of the firmware, the first event of PCR 0
    std::optional<bool> hasSecureBoot;            ///< whether the variable SecureBoot exists while it is off
    struct Volumes {
        kit::AnyDigest pei, dxe;
    };
    std::map<kit::HashAlgorithm, Volumes> volumes;
};

class Calibration {
public:
    /// InputError bad_calibration. The document:
    ///
    ///     {"version": 1, "boots": [{
    ///        "firmware_sha256": "b157...",
    ///        "machine": {"board": "q35", "memory_bytes": 1073741824, "vcpus": 2, "max_vcpus": 2,
    ///                    "cpu_vendor": "AuthenticAMD", "physical_address_bits": 40, "smm": true},
    ///        "load_options": "initrd-last",
    ///        "behaves_like": "edk2-2025.02", "firmware_version": "2025.02-8", "secure_boot": false,
    ///        "volumes": {"sha256": {"pei": "1b5f...", "dxe": "82a0..."}}}]}
    [[nodiscard]] static Calibration parse(std::string_view json);

    void add(CalibratedBoot boot) { boots_.push_back(std::move(boot)); }
    /// The document, of what parse has read or add was given.
    [[nodiscard]] std::string toJson() const;

    /// Null when that firmware was not booted on a machine of this shape.
    [[nodiscard]] const CalibratedBoot* find(const kit::Sha256Digest& firmware,
                                             const MachineShape& shape) const noexcept;
    /// Every boot of that firmware, on a machine of this shape first: for what need not have been told by
    /// each.
    [[nodiscard]] std::vector<const CalibratedBoot*> findAll(const kit::Sha256Digest& firmware,
                                                             const MachineShape& shape) const;

private:
    std::vector<CalibratedBoot> boots_;
};

} // namespace teehost::vtpm
