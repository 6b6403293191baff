// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace teehost {

/// The mishaps that a write survives once it was reported as done.
enum class Durability {
    SurvivesDaemon,   ///< the daemon's death, at any instant; a power cut may undo it
    SurvivesPowerCut, ///< a power cut as well: it is synced
};

} // namespace teehost
