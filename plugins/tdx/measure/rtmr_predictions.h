// SPDX-License-Identifier: Apache-2.0
//
// RTMR0 to RTMR2 of a direct boot with OVMF, each by its own file.
#pragma once

#include "tdx/measure/kernel_forms.h"
#include "tdx/measure/measure_td.h"
#include "tdx/measure/tdvf_image.h"

namespace teehost::tdx {

/// TD HOB, variable store, variables and ACPI tables. Not predicted without a profile.
[[nodiscard]] RegisterPrediction predictRtmr0(const TdInputs& inputs, const TdvfImage& image,
                                              const FirmwareProfile& profile);

/// Its events with zeros for the digests of the ACPI tables; empty when it is not predicted for another
/// reason than theirs.
[[nodiscard]] TdEvents rtmr0WithoutAcpi(TdInputs inputs, const TdvfImage& image,
                                        const FirmwareProfile& profile);

/// The kernel, and the firmware's way to it. Without a profile there are candidates for each place of the
/// separator.
[[nodiscard]] RegisterPrediction predictRtmr1(const std::vector<KernelForm>& kernel,
                                              const FirmwareProfile* profile);

/// Command line and initrd, which the kernel measures. Without a profile there are candidates for each place
/// of the firmware's words for an initrd.
[[nodiscard]] RegisterPrediction predictRtmr2(const TdInputs& inputs,
                                              const std::optional<kit::Sha384Digest>& initrd,
                                              const FirmwareProfile* profile);

/// Whether the image's variable store has Secure Boot enforced: then it denies a kernel of QEMU's. Nothing
/// when the store is not one of edk2's.
[[nodiscard]] std::optional<bool> enforcesSecureBoot(const TdvfImage& image);

} // namespace teehost::tdx
