// SPDX-License-Identifier: Apache-2.0
//
// One GET over HTTPS, through libcurl: the server's certificate and name are verified, no redirect is
// followed, nothing is read beyond the limits. Proxies are those of the environment; TLS ends at the origin.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/attest/http_expiry.h"

namespace teehost::attest {

struct HttpsUrl {
    std::string text; ///< as it was given
    std::string host; ///< in lower case
    unsigned port = 443;
    /// "host", or "host:port" for another port than 443: how the allow-list names it.
    [[nodiscard]] std::string authority() const;
};

/// Throws InvalidArgument for what is no https URL, or has a user or a password in it. Read by libcurl's own
/// parser, so that what was checked is where it goes.
[[nodiscard]] HttpsUrl parseHttpsUrl(const std::string& text);

struct HttpsRequest {
    HttpsUrl url;
    Headers headers;
    std::string caFile; ///< PEM; empty: the system's
    std::uint64_t maxBytes = 0;
    std::chrono::milliseconds limit{0};
    std::function<bool()> cancelled; ///< polled several times a second; absent: never
};

struct HttpsResponse {
    unsigned status = 0;
    Headers headers; ///< those that are UTF-8; of the final response
    std::vector<std::uint8_t> body;
    std::string location; ///< of a redirect, absolute; empty when there is none
};

/// Any status is an answer. Throws Unavailable when there is none, DeadlineExceeded at the limit, Cancelled,
/// ResourceExhausted for a body or head that is too large, and FailedPrecondition when the server is not who
/// it should be.
[[nodiscard]] HttpsResponse httpsGet(const HttpsRequest& request);

/// The two functions above, handed to code that fetches: programs load libcurl, and all that it brings, only
/// when something is fetched (https_on_demand.h).
struct HttpsClient {
    HttpsUrl (*parse)(const std::string& text);
    HttpsResponse (*get)(const HttpsRequest& request);
};
inline constexpr HttpsClient kCurl{parseHttpsUrl, httpsGet};

} // namespace teehost::attest
