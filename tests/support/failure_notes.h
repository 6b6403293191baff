// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace teehost::test {

/// Files whose end is printed when a test fails while they are noted: logs say more than an assertion does.
void noteOnFailure(const std::filesystem::path& file);
void forgetNote(const std::filesystem::path& file);
void printNotes(); ///< to standard error

} // namespace teehost::test
