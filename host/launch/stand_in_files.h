// SPDX-License-Identifier: Apache-2.0
//
// Files that settings name and this host has elsewhere. An environment file that moved here from another
// distribution names its paths: its firmware is looked for where this one keeps the same kind.
#pragma once

#include <span>
#include <string>

#include "host/settings/settings.h"

namespace teehost::launch {

/// Firmware code and the variables that were built with it; a mix of two builds does not boot.
struct FirmwarePair {
    std::string code, vars;
};

/// The places where distributions keep OVMF, in the order in which they are taken.
[[nodiscard]] std::span<const FirmwarePair> knownFirmware();

/// Replaces firmware that does not exist by a pair of `known` that does, each time with a warning. A file
/// that exists is kept, and only its counterpart is looked for. Firmware without a stand-in is a warning, for
/// not every backend needs it, and each says so itself; code and variables that do not fit each other are
/// refused.
void standInForFirmware(settings::Settings& settings, settings::Findings& findings,
                        std::span<const FirmwarePair> known = knownFirmware());

/// Warns of files that somebody named, VMs need and that are not there now, and of programs; a create is
/// refused while they are missing. Takes igvmmeasure out of a directory that is named in its place.
void lookAtFiles(settings::Settings& settings, settings::Findings& findings);

} // namespace teehost::launch
