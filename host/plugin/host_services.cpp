// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/host_services.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string_view>

#include "host/base/text.h"
#include "host/plugin/border.h"
#include "host/plugin/call_frame.h"

namespace teehost::plugin {

namespace {

constexpr std::size_t kMaxLogFields = 32;

LogLevel toLevel(std::uint32_t level) noexcept
{
    return level <= TH_LOG_ERROR ? static_cast<LogLevel>(level) : LogLevel::Info;
}

constexpr th_host_clock_v1 kClock{sizeof(th_host_clock_v1), 0,
                                  [](const th_host*) noexcept -> std::int64_t {
                                      const auto now = std::chrono::system_clock::now().time_since_epoch();
                                      return std::chrono::nanoseconds(now).count();
                                  },
                                  [](const th_host*) noexcept -> std::uint64_t {
                                      const auto now = std::chrono::steady_clock::now().time_since_epoch();
                                      return static_cast<std::uint64_t>(
                                          std::chrono::nanoseconds(now).count());
                                  }};

FetchRequest takeRequest(const th_fetch_request* request, const CallContext& context)
{
    expectStruct(request, "fetch request");
    constexpr std::uint64_t kMostNs = std::numeric_limits<std::int64_t>::max();
    FetchRequest out;
    out.url = takeName(request->url, "URL to fetch");
    out.accept = takeText(request->accept, "media type to fetch");
    out.maxAge = std::chrono::nanoseconds(std::min(request->max_age_ns, kMostNs));
    out.maxBytes = request->max_bytes;
    out.cacheOnly = (request->flags & TH_FETCH_CACHE_ONLY) != 0 || context.offline;
    out.revalidate = (request->flags & TH_FETCH_REVALIDATE) != 0;
    out.deadline = context.deadline;
    out.cancelled = context.cancelled;
    return out;
}

FwCfgRequest takeRequest(const th_fw_cfg_request* request, const CallContext& context)
{
    expectStruct(request, "fw_cfg request");
    if (request->flags != 0)
        throw Error(Category::Unimplemented, "the fw_cfg request has flags that this host does not know");
    FwCfgRequest out;
    out.qemuArgs = takeTexts(request->qemu_args, request->qemu_arg_count, "argument of QEMU");
    out.names = takeTexts(request->names, request->name_count, "name of a fw_cfg file");
    out.deadline = context.deadline;
    out.cancelled = context.cancelled;
    return out;
}

/// Runs a request to a service; the status, and in `why` what is to be said of a failure.
template <class Serve>
th_status serving(std::string& why, Serve&& serve) noexcept
{
    why.clear();
    try {
        serve();
        return TH_OK;
    } catch (const std::exception& exception) {
        const auto* error = dynamic_cast<const Error*>(&exception);
        try {
            why = printable(describe(exception));
        } catch (...) { // out of memory: the status still travels
        }
        return static_cast<th_status>(error == nullptr ? Category::Internal : error->category());
    } catch (...) {
        return TH_INTERNAL;
    }
}

void deliver(const FetchResponse& response, void* user,
             void (*done)(void*, const th_fetch_response*) noexcept)
{
    std::vector<th_kv> headers;
    for (const auto& [name, value] : response.headers)
        headers.push_back({give(name), give(value)});
    const th_fetch_response out{sizeof out,     response.httpStatus, give(response.body),
                                headers.data(), headers.size(),      response.fetchedWallNs};
    if (done != nullptr)
        done(user, &out);
}

} // namespace

Plugin::Services::Services(std::string plugin_id, const Log& log)
    : pluginId_(std::move(plugin_id)), log_(log), host_{}
{
    static constexpr std::string_view kVersion = "teehostd " TEEHOST_VERSION;
    host_.struct_size = sizeof host_;
    host_.abi_minor = TH_ABI_MINOR;
    host_.ctx = this;
    host_.version = give(kVersion);
    host_.get_interface = [](const th_host* host, const char* id) noexcept {
        return static_cast<const Services*>(host->ctx)->find(id);
    };
}

const void* Plugin::Services::find(const char* id) const noexcept
{
    static constexpr th_host_log_v1 kLog{sizeof(th_host_log_v1), 0, logEnabled, logWrite};
    static constexpr th_host_fetch_v1 kFetch{
        sizeof(th_host_fetch_v1), 0, fetch, [](const th_host*, const th_call* call) noexcept {
            return call == nullptr ? th_str{} : give(CallFrame::of(call).fetchFailure);
        }};
    static constexpr th_host_machine_v1 kMachine{
        sizeof(th_host_machine_v1), 0, fwCfg, [](const th_host*, const th_call* call) noexcept {
            return call == nullptr ? th_str{} : give(CallFrame::of(call).machineFailure);
        }};
    const std::string_view name = id == nullptr ? "" : id;
    if (name == TH_HOST_LOG_V1)
        return &kLog;
    if (name == TH_HOST_CLOCK_V1)
        return &kClock;
    if (name == TH_HOST_FETCH_V1 && fetch_)
        return &kFetch;
    if (name == TH_HOST_MACHINE_V1 && machine_)
        return &kMachine;
    return nullptr;
}

th_status Plugin::Services::fetch(const th_host* host, const th_call* call, const th_fetch_request* request,
                                  void* user, void (*done)(void*, const th_fetch_response*) noexcept) noexcept
{
    if (call == nullptr)
        return TH_INVALID_ARGUMENT;
    auto& frame = CallFrame::of(call);
    return serving(frame.fetchFailure, [&] {
        const auto& self = *static_cast<const Services*>(host->ctx);
        deliver(self.fetch_->get(takeRequest(request, frame.context())), user, done);
    });
}

th_status Plugin::Services::fwCfg(const th_host* host, const th_call* call, const th_fw_cfg_request* request,
                                  void* user, void (*file)(void*, th_str, th_bytes) noexcept) noexcept
{
    if (call == nullptr)
        return TH_INVALID_ARGUMENT;
    auto& frame = CallFrame::of(call);
    return serving(frame.machineFailure, [&] {
        const auto& self = *static_cast<const Services*>(host->ctx);
        for (const FwCfgFile& found : self.machine_->fwCfg(takeRequest(request, frame.context())))
            if (file != nullptr)
                file(user, give(found.name), give(found.content));
    });
}

std::int32_t Plugin::Services::logEnabled(const th_host* host, std::uint32_t level) noexcept
{
    return static_cast<const Services*>(host->ctx)->log_.enabled(toLevel(level)) ? 1 : 0;
}

void Plugin::Services::logWrite(const th_host* host, std::uint32_t level, th_str message, const th_kv* fields,
                                std::size_t field_count) noexcept
{
    try {
        const auto& self = *static_cast<const Services*>(host->ctx);
        if (!self.log_.enabled(toLevel(level)))
            return;
        std::vector<std::string> keys; // LogField holds views of its keys
        const std::size_t count = fields == nullptr ? 0 : std::min(field_count, kMaxLogFields);
        keys.reserve(count);
        LogFields out{{"plugin", self.pluginId_}};
        for (std::size_t i = 0; i < count; ++i) {
            keys.push_back(lenientText(fields[i].key));
            if (keys.back() != "plugin") // a plugin does not speak for another
                out.push_back({keys.back(), lenientText(fields[i].value)});
        }
        self.log_.write(toLevel(level), lenientText(message), out);
    } catch (...) { // a line that cannot be written is no reason to end the daemon
    }
}

} // namespace teehost::plugin
