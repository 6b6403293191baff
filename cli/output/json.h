// SPDX-License-Identifier: Apache-2.0
//
// The JSON of `--output json`. Times are RFC 3339, amounts are bytes or seconds, and a value that is absent
// is null or empty rather than missing, so that a script needs no special cases.
#pragma once

#include <chrono>
#include <ostream>

#include <nlohmann/json.hpp>

namespace teehost::cli {

using Json = nlohmann::ordered_json; // keys in the order they are written below

/// 0.123 for 123.4 ms: milliseconds are as much as a launch can be told apart by.
[[nodiscard]] double toSeconds(std::chrono::nanoseconds duration);

enum class JsonForm { Indented, OneLine };
/// Writes `value` in ASCII (anything else as \u....), so that no string in it can drive a terminal.
void printJson(std::ostream& out, const Json& value, JsonForm form = JsonForm::Indented);

} // namespace teehost::cli
