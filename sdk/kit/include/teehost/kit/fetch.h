// SPDX-License-Identifier: Apache-2.0
//
// Collateral for a verification through the host's fetch service. Needs the SDK's C++ layer.
#pragma once

#include <chrono>
#include <string>

#include <teehost/plugin.hpp>

namespace teehost::kit {

enum class Network { Allowed, Offline };

/// What is at `url`, at most `max_age` old. Offline, what the host has kept is better than nothing, however
/// old: what is signed says itself how long it counts. sdk::Error when it cannot be had, and when the server
/// answers anything but 200.
[[nodiscard]] inline sdk::Fetched fetchCollateral(sdk::Call call, const std::string& url,
                                                  std::chrono::nanoseconds max_age, Network network)
{
    constexpr std::uint64_t kMostBytes = 1u << 20;
    const sdk::FetchOptions options =
        network == Network::Offline ? sdk::FetchOptions{.maxBytes = kMostBytes, .flags = TH_FETCH_CACHE_ONLY}
                                    : sdk::FetchOptions{.maxAge = max_age, .maxBytes = kMostBytes};
    auto answer = call.fetch(url, options);
    if (answer.httpStatus != 200)
        throw sdk::Error(TH_UNAVAILABLE,
                         "the server answers " + std::to_string(answer.httpStatus) + " for " + url);
    return answer;
}

} // namespace teehost::kit
