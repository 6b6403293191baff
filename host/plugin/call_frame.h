// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "host/base/log.h"
#include "host/plugin/border.h"
#include "host/plugin/call_context.h"
#include "host/plugin/sink.h"
#include "host/settings/option.h"

namespace teehost::plugin {

/// One call into a plugin: the th_call it sees, and what it said when it failed. Lives on the stack of the
/// calling thread.
class CallFrame {
public:
    /// `what` names the call in messages: "compose". The references must outlive the frame.
    CallFrame(std::string plugin_id, std::string what, const CallContext& context,
              const std::vector<settings::OptionSpec>& options, const Log& log);
    CallFrame(const CallFrame&) = delete;
    CallFrame& operator=(const CallFrame&) = delete;

    [[nodiscard]] const th_call* call() const noexcept { return &call_; }
    /// The frame that `call`, which one of ours was given, belongs to.
    [[nodiscard]] static CallFrame& of(const th_call* call) noexcept
    {
        return *static_cast<CallFrame*>(call->ctx);
    }
    [[nodiscard]] const CallContext& context() const noexcept { return context_; }

    // Why the last request of this call to a service of the host failed; empty when it did not.
    std::string fetchFailure, machineFailure;

    /// Throws unless the plugin returned TH_OK and `sink` refused nothing. A plugin that passes a sink's
    /// refusal up is reported with the refusal's words.
    void finish(th_status status, const Sink* sink = nullptr) const;

private:
    void keepFailure(const th_error* error);
    th_status option(th_str key, std::size_t index, th_value* out);
    const settings::Value* effective(const settings::OptionSpec& spec);

    std::string pluginId_;
    std::string what_;
    const CallContext& context_;
    const std::vector<settings::OptionSpec>& options_;
    const Log& log_;
    std::optional<Error> failure_;
    std::deque<settings::Value>
        values_; ///< what th_value views point into: a deque does not move its elements
    th_call call_;
};

} // namespace teehost::plugin
