// SPDX-License-Identifier: Apache-2.0
//
// A second opinion on the measurement of an IGVM file: COCONUT-SVSM's igvmmeasure, or any program with its
// command line.
#pragma once

#include <chrono>
#include <string>

#include "host/plugin/evidence.h"
#include "host/settings/settings.h"

namespace teehost::attest {

/// Runs `attest.igvmmeasure_binary IGVM measure -b`, which prints the launch digest in hexadecimal, and
/// compares it with the register of 48 bytes in `measured`. False when nothing was compared: there is no IGVM
/// file, or the option is not set or names no file. Throws DataLoss, naming both digests, when they differ,
/// and FailedPrecondition when the program gives no digest. Blocks until the program has ended, `limit` at
/// most.
bool crossCheckIgvm(const settings::Settings& settings, const std::string& igvm,
                    const plugin::Measurement& measured, std::chrono::milliseconds limit);

} // namespace teehost::attest
