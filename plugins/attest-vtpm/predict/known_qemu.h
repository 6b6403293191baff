// SPDX-License-Identifier: Apache-2.0
//
// The changes that a QEMU ("7.2.22") makes to a kernel that it hands to a firmware, as far as they were
// examined.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "predict/firmware_table.h"
#include "predict/pcr_events.h"

namespace teehost::vtpm {

enum class KernelForm {
    HeaderFilledIn, ///< the setup header is filled in as a boot loader does
    AsInFile
};

/// Returns the form of a kernel that the firmware measures, or why that is not known. QEMU 10.0 and later
/// have the kernel in both forms, and the firmware chooses. `behaviour` is null for a firmware that was not
/// examined.
[[nodiscard]] std::variant<KernelForm, Unknown> kernelFormOf(std::string_view qemu_version,
                                                             const FirmwareBehaviour* behaviour);

} // namespace teehost::vtpm
