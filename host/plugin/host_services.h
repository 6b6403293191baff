// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "host/base/log.h"
#include "host/plugin/plugin.h"
#include "teehost/plugin.h"

namespace teehost::plugin {

/// What one plugin may ask of the host: its log and its clocks. Another service is one more table and one
/// more line in find(); a service that is not there answers null, as plugins must expect. Outlives the
/// instance.
class Plugin::Services {
public:
    Services(std::string plugin_id, const Log& log);
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;

    [[nodiscard]] const th_host* host() const noexcept { return &host_; }

private:
    static const void* find(const char* id) noexcept;
    static std::int32_t logEnabled(const th_host* host, std::uint32_t level) noexcept;
    static void logWrite(const th_host* host, std::uint32_t level, th_str message, const th_kv* fields,
                         std::size_t field_count) noexcept;

    std::string pluginId_;
    const Log& log_;
    th_host host_;
};

} // namespace teehost::plugin
