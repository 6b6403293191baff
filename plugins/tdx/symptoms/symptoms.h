// SPDX-License-Identifier: Apache-2.0
//
// Messages of QEMU, KVM, the kernel and the TDX module when a TD does not start.
#pragma once

#include <span>

#include <teehost/kit/symptom.h>

namespace teehost::tdx {

/// Words of QEMU: its command line, the calls to KVM, what the guest reports.
[[nodiscard]] std::span<const kit::Symptom> qemuSymptoms();

/// Words of QEMU on the firmware's TDX metadata.
[[nodiscard]] std::span<const kit::Symptom> firmwareSymptoms();

/// Words of the host's kernel: the TDX module, kvm_intel.
[[nodiscard]] std::span<const kit::Symptom> kernelSymptoms();

} // namespace teehost::tdx
