// SPDX-License-Identifier: Apache-2.0
//
// What one call into a plugin may use: until when, whether it is still wanted, and the effective options.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "host/settings/option.h"

namespace teehost::plugin {

/// The effective value of `full_key` ("sev-snp.cbitpos"), or nothing when no layer sets it. Called on the
/// thread of the call; its answer is copied.
using OptionLookup = std::function<std::optional<settings::Value>(std::string_view full_key)>;

struct CallContext {
    std::optional<std::chrono::steady_clock::time_point> deadline;
    std::function<bool()> cancelled; ///< polled by the plugin; absent: never
    OptionLookup option;             ///< absent: every option answers its declared default
    std::string traceId;
    bool offline = false; ///< the fetch service answers from its cache only
};

} // namespace teehost::plugin
