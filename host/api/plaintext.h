// SPDX-License-Identifier: Apache-2.0
//
// The one rule about serving without TLS: other machines get it only when an operator has decided so.
//
//     requireTlsOrDecision(settings, {{"grpc", address}});
#pragma once

#include <map>
#include <string>

#include "host/api/listen_address.h"
#include "host/settings/settings.h"

namespace teehost::api {

using ListenAddresses = std::map<std::string, ListenAddress>; ///< by "grpc" and "http"

/// Gives those of `addresses` that other machines can reach and that have no TLS.
[[nodiscard]] ListenAddresses openInPlaintext(const settings::Settings& settings,
                                              const ListenAddresses& addresses);

/// Throws FailedPrecondition when there are such, and grpc.allow_plaintext is not set. One error names all of
/// them, with everything there is to decide.
void requireTlsOrDecision(const settings::Settings& settings, const ListenAddresses& addresses);

} // namespace teehost::api
