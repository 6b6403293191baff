// SPDX-License-Identifier: Apache-2.0
//
// The PCRs of a guest, predicted as a plugin predicts them: from the VM and its final command line.
#pragma once

#include <string>

#include "predict/predict_pcrs.h"
#include "vtpm/measured_guest.h"

namespace teehost::test {

/// In all four banks. `qemu_version` is of the QEMU that boots it ("7.2.22").
[[nodiscard]] vtpm::PcrPrediction predict(const MeasuredGuest& guest,
                                          const std::string& qemu_version = "7.2.22");

} // namespace teehost::test
