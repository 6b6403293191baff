// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "host/plugin/call_context.h"
#include "host/settings/settings.h"

namespace teehost::plugin {

/// A plugin call that sees the effective settings. `settings` must outlive the call.
[[nodiscard]] inline CallContext callContext(const settings::Settings& settings,
                                             std::chrono::steady_clock::time_point deadline)
{
    CallContext context;
    context.deadline = deadline;
    context.option = [&settings](std::string_view key) -> std::optional<settings::Value> {
        const auto* effective = settings.find(key);
        return effective == nullptr ? std::nullopt : std::optional(effective->value);
    };
    return context;
}

} // namespace teehost::plugin
