// SPDX-License-Identifier: Apache-2.0
//
// Reads the plain form of an https URL without libcurl, for looking something up in the cache. A URL that
// goes to the network is read by libcurl's own parser (https.h), so that what was checked is where it goes.
#pragma once

#include <optional>
#include <string>

#include "host/attest/https.h"

namespace teehost::attest {

/// Reads "https://HOST[:PORT]/...": HOST is a name of ASCII letters, digits, dots and hyphens, or an IPv6
/// address in brackets; the rest is printable ASCII. Returns nullopt for every other text, one with a user
/// or a password among them.
[[nodiscard]] std::optional<HttpsUrl> plainHttpsUrl(const std::string& text);

} // namespace teehost::attest
