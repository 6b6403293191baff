// SPDX-License-Identifier: Apache-2.0
//
// Registers, reference values and claims as JSON: what `teehost measure` prints and the store keeps. What is
// read may come from anybody.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "host/plugin/evidence.h"

namespace teehost::plugin {

using OrderedJson = nlohmann::ordered_json;

/// The member `name` of `object`, an array; `object` must outlive it. Throws InvalidArgument when `object` is
/// none, has it not or has it of another type, and when it has more elements than a plugin may give (plugin.h
/// "Limits").
[[nodiscard]] const nlohmann::json& arrayMember(const nlohmann::json& object, const char* name);
/// One that is a string.
[[nodiscard]] std::string textMember(const nlohmann::json& object, const char* name);

/// {"type": "uint", "value": 196608}; types are bool, int, uint, string and bytes (hexadecimal). Null for no
/// value.
[[nodiscard]] OrderedJson valueJson(const ClaimValue& value);
/// Throws InvalidArgument for anything valueJson does not write, and for null.
[[nodiscard]] ClaimValue valueFromJson(const nlohmann::json& json);
/// Bytes as hexadecimal digits; empty for no value. Not escaped.
[[nodiscard]] std::string valueText(const ClaimValue& value);

/// An object with one member each, in their order.
[[nodiscard]] OrderedJson namedJson(const std::vector<Named>& named);
/// Throws InvalidArgument.
[[nodiscard]] std::vector<Named> namedFromJson(const nlohmann::json& json);

[[nodiscard]] OrderedJson registerJson(const Register& reg);
/// Members "registers" and "values"; events are left out, since nothing is verified against them.
[[nodiscard]] OrderedJson referenceJson(const Measurement& measurement);
/// Of an object with these members. Throws InvalidArgument.
[[nodiscard]] Measurement referenceFromJson(const nlohmann::json& json);

} // namespace teehost::plugin
