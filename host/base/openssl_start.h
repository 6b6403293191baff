// SPDX-License-Identifier: Apache-2.0
//
// Starting OpenSSL with no more than a short-lived program needs that checks signatures and computes digests,
// and talks to nobody. OpenSSL's own start takes as long as checking ten signatures: docs/decisions/0007.
#pragma once

#include <string_view>

namespace teehost {

/// Starts OpenSSL, before anything else of it is used: without the names of ciphers and the texts of errors,
/// without tidying up at exit, and without reading its configuration where that would change nothing. A
/// configuration that may say anything, as one that sets up FIPS, is read as ever. Programs that use TLS or
/// show OpenSSL's errors do not call this.
void startOpensslForChecks() noexcept;

/// Tells that a configuration file of OpenSSL (config(5)) sets up nothing: the section that `openssl_conf`
/// names is empty, or there is none. False whenever that is not plain, as with .include, variables or lines
/// that go on in the next one.
[[nodiscard]] bool setsUpNothing(std::string_view configuration);

} // namespace teehost
