// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace teehost::test {

/// The files of a zip file, by their names; read by minizip. Fails the test when it is none.
[[nodiscard]] std::map<std::string, std::string> zipEntries(const std::string& zip);

/// A zip file of these files.
[[nodiscard]] std::string zipOf(const std::map<std::string, std::string>& files);

} // namespace teehost::test
