// SPDX-License-Identifier: Apache-2.0
//
// The JSON of `--output json`. Keys are those of host.proto; times are RFC 3339, amounts are bytes or
// seconds, and what is absent is null or empty rather than missing, so that a script needs no special cases.
#pragma once

#include <chrono>
#include <ostream>

#include <nlohmann/json.hpp>
#include <teehost/v1/host.pb.h>

namespace teehost::cli {

using Json = nlohmann::ordered_json; // keys in the order they are written below

[[nodiscard]] Json toJson(const v1::Vm& vm);
[[nodiscard]] Json toJson(const v1::Event& event);
[[nodiscard]] Json toJson(const v1::Backend& backend);
[[nodiscard]] Json toJson(const v1::ConfigOption& option);

/// 0.123 for 123.4 ms: milliseconds are as much as a launch can be told apart by.
[[nodiscard]] double toSeconds(std::chrono::nanoseconds duration);

enum class JsonForm { Indented, OneLine };
/// Writes `value` in ASCII (anything else as \u....), so that no string in it can drive a terminal.
void printJson(std::ostream& out, const Json& value, JsonForm form = JsonForm::Indented);

} // namespace teehost::cli
