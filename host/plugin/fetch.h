// SPDX-License-Identifier: Apache-2.0
//
// What the host's fetch service (plugin.h, section 3) asks of whoever does the fetching: host/attest has it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace teehost::plugin {

/// See th_fetch_request.
struct FetchRequest {
    std::string url;
    std::string accept;
    std::chrono::nanoseconds maxAge{0}; ///< 0: by the copy's own expiry
    std::uint64_t maxBytes = 0;         ///< 0: the fetcher's limit
    bool cacheOnly = false;
    bool revalidate = false;
    std::optional<std::chrono::steady_clock::time_point> deadline;
    std::function<bool()> cancelled; ///< absent: never
};

/// See th_fetch_response.
struct FetchResponse {
    unsigned httpStatus = 0;
    std::vector<std::uint8_t> body;
    std::vector<std::pair<std::string, std::string>> headers; ///< names in lower case
    std::int64_t fetchedWallNs = 0;
};

class FetchService {
public:
    virtual ~FetchService() = default;
    /// Blocks. Any thread. Throws Error.
    [[nodiscard]] virtual FetchResponse get(const FetchRequest& request) = 0;
};

} // namespace teehost::plugin
