// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace teehost::agent {

/// The first record of a TLS client that speaks HTTP/2: a ClientHello of TLS 1.2 and 1.3 that offers `h2` by
/// ALPN (RFC 8446, section 4.1.2; RFC 7301) and names no server. Each call makes another random one. Throws
/// Error when OpenSSL cannot make one. Any thread.
[[nodiscard]] std::string clientHello();

} // namespace teehost::agent
