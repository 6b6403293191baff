// SPDX-License-Identifier: Apache-2.0
//
// The settings for the computation-management service in the environment. No file is opened here.
#pragma once

#include <chrono>
#include <string>

#include "guest/agent/cvms/report.h"
#include "guest/agent/environment.h"

namespace teehost::guest {

struct ClientSettings {
    std::string target;      ///< as targetOf() makes it
    std::string address;     ///< as it was given
    std::string computation; ///< AGENT_CVM_ID
    LogLevel level = LogLevel::Info;
    /// Files in /etc/certs. Without `ca_certificates` the connection is plain text, and then there is no
    /// certificate of the client either.
    std::string ca_certificates, certificate, key;
    /// For the address, TCP and TLS together: a server that accepts and says nothing is given up.
    std::chrono::milliseconds connect_limit{15'000};
    std::string remark; ///< a sentence about a value that was passed over; empty: none
};

/// The one who says what is computed in this VM.
enum class Management {
    Service, ///< a computation-management service is named
    Nobody,  ///< the environment was read whole, and names none
    Unknown  ///< a part of the environment was not read or not understood, and may have named one
};

[[nodiscard]] Management managementOf(const Environment& environment);

/// Throws std::invalid_argument with a sentence when what is given cannot be used. Half of a client's
/// certificate and key, or one without the authority that the server is checked against, is refused: the
/// operator meant TLS, and plain text in its place would be a surprise.
[[nodiscard]] ClientSettings clientSettings(const Environment& environment);

} // namespace teehost::guest
