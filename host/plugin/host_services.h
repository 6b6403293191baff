// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "host/base/log.h"
#include "host/plugin/plugin.h"
#include "teehost/plugin.h"

namespace teehost::plugin {

/// What one plugin may ask of the host: its log, its clocks and, if there is a fetcher, collateral, and
/// if there is somebody to ask, what machine QEMU makes. Another service is one more table and one more line
/// in find(); a service that is not there answers null, as plugins must expect. Outlives the instance.
class Plugin::Services {
public:
    Services(std::string plugin_id, const Log& log);
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;

    [[nodiscard]] const th_host* host() const noexcept { return &host_; }
    /// Shared: plugins outlive the daemon's parts. Not while calls are out.
    void serveFetch(std::shared_ptr<FetchService> fetch) { fetch_ = std::move(fetch); }
    void serveMachine(std::shared_ptr<MachineService> machine) { machine_ = std::move(machine); }

private:
    [[nodiscard]] const void* find(const char* id) const noexcept;
    static th_status fetch(const th_host* host, const th_call* call, const th_fetch_request* request,
                           void* user, void (*done)(void*, const th_fetch_response*) noexcept) noexcept;
    static th_status fwCfg(const th_host* host, const th_call* call, const th_fw_cfg_request* request,
                           void* user, void (*file)(void*, th_str, th_bytes) noexcept) noexcept;
    static std::int32_t logEnabled(const th_host* host, std::uint32_t level) noexcept;
    static void logWrite(const th_host* host, std::uint32_t level, th_str message, const th_kv* fields,
                         std::size_t field_count) noexcept;

    std::string pluginId_;
    const Log& log_;
    std::shared_ptr<FetchService> fetch_;     ///< null: the service is absent
    std::shared_ptr<MachineService> machine_; ///< the same
    th_host host_;
};

} // namespace teehost::plugin
