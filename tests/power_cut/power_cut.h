// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace teehost::test {

/// Says of each sector of a file that was written after the last sync whether the disk has it.
using Reached = std::function<bool()>;

/// Puts the store in `stateDir` into a state in which a power cut may leave it: each file as it was when it
/// was last synced, by the copies that the recorder made in `synced` of a directory with the name `recorded`,
/// with those sectors of today that `reached` the disk nevertheless, in whatever order. The daemon must have
/// been killed.
void cutPower(const std::filesystem::path& stateDir, const std::filesystem::path& synced,
              const std::string& recorded, const Reached& reached);

/// The environment with which a daemon's syncs are recorded in that directory.
[[nodiscard]] std::map<std::string, std::string> recorderEnvironment(const std::filesystem::path& synced);

} // namespace teehost::test
