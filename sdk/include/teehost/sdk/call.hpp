// SPDX-License-Identifier: Apache-2.0
//
// The context of one call: options, deadline, and the host's services. Cheap to copy; valid during the call only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <teehost/sdk/error.hpp>
#include <teehost/sdk/value.hpp>

namespace teehost::sdk {

/// The host's log. Outlives the instance, so a plugin may keep it. One event, one line:
/// `log.info("vcek fetched", {{"chip", id}})`.
class Log {
public:
    explicit Log(const th_host* host) noexcept
        : host_(host),
          table_(host == nullptr ? nullptr
                                 : static_cast<const th_host_log_v1*>(host->get_interface(host, TH_HOST_LOG_V1)))
    {
    }
    [[nodiscard]] bool enabled(std::uint32_t level) const noexcept
    {
        return table_ != nullptr && table_->enabled(host_, level) != 0;
    }
    void write(std::uint32_t level, std::string_view text, const Properties& fields = {}) const
    {
        if (table_ != nullptr)
            table_->write(host_, level, str(text), fields.data(), fields.size());
    }
    void debug(std::string_view text, const Properties& fields = {}) const { write(TH_LOG_DEBUG, text, fields); }
    void info(std::string_view text, const Properties& fields = {}) const { write(TH_LOG_INFO, text, fields); }
    void warning(std::string_view text, const Properties& fields = {}) const { write(TH_LOG_WARN, text, fields); }
    void error(std::string_view text, const Properties& fields = {}) const { write(TH_LOG_ERROR, text, fields); }

private:
    const th_host* host_;
    const th_host_log_v1* table_;
};

struct FetchOptions {
    std::string_view accept = {};
    std::chrono::nanoseconds maxAge{0}; ///< 0: by the copy's own expiry
    std::uint64_t maxBytes = 0;         ///< 0: the host's limit
    std::uint32_t flags = 0;            ///< TH_FETCH_*
};

struct Fetched {
    std::uint32_t httpStatus = 0;
    std::vector<std::uint8_t> body;
    std::vector<std::pair<std::string, std::string>> headers; ///< names in lower case
    std::int64_t fetchedWallNs = 0;
};

struct FwCfgFile {
    std::string name;
    std::vector<std::uint8_t> content;
};

class Call {
public:
    Call(const th_call* call, const th_host* host) noexcept : call_(call), host_(host) {}

    // The plugin's options. Each getter throws an Error that names the option when no value is there, or when it is
    // declared with another type. Text lives as long as the call.

    [[nodiscard]] bool has(std::string_view key) const
    {
        th_value value{};
        const th_status status = call_->option(call_, str(key), 0, &value);
        if (status != TH_OK && status != TH_NOT_FOUND)
            throw Error(status, "cannot read option " + std::string(key), {}, std::string(key));
        return status == TH_OK;
    }
    /// True when the word "auto" was given (TH_OPT_AUTO); then the getters below throw.
    [[nodiscard]] bool isAuto(std::string_view key) const { return has(key) && getAny(key).type == TH_T_AUTO; }
    /// TH_T_STRING, TH_T_PATH, TH_T_ENUM.
    [[nodiscard]] std::string_view text(std::string_view key) const
    {
        const th_value value = getAny(key);
        if (value.type != TH_T_STRING && value.type != TH_T_PATH && value.type != TH_T_ENUM)
            throw wrongType(key);
        return view(value.s);
    }
    [[nodiscard]] bool flag(std::string_view key) const { return get(key, TH_T_BOOL).u != 0; }
    [[nodiscard]] std::uint64_t number(std::string_view key) const { return get(key, TH_T_UINT).u; }
    [[nodiscard]] std::int64_t integer(std::string_view key) const { return get(key, TH_T_INT).i; }
    [[nodiscard]] std::uint64_t size(std::string_view key) const { return get(key, TH_T_SIZE).u; }
    [[nodiscard]] std::chrono::nanoseconds duration(std::string_view key) const
    {
        return std::chrono::nanoseconds(get(key, TH_T_DURATION).u);
    }
    [[nodiscard]] ByteView bytes(std::string_view key) const { return view(get(key, TH_T_BYTES).b); }
    [[nodiscard]] std::vector<std::string_view> list(std::string_view key) const
    {
        std::vector<std::string_view> out;
        const std::uint64_t count = get(key, TH_T_LIST).u;
        for (std::uint64_t i = 0; i < count; ++i)
            out.push_back(view(get(key, TH_T_LIST, i).s));
        return out;
    }

    /// Throws when the call is cancelled or its deadline has passed. For loops.
    void checkpoint() const
    {
        if (call_->cancelled(call_) != 0)
            throw Error(TH_CANCELLED, "the call was cancelled");
        if (call_->deadline_ns != 0 && monotonicNs() > call_->deadline_ns)
            throw Error(TH_DEADLINE_EXCEEDED, "the deadline of the call has passed");
    }
    [[nodiscard]] std::string_view traceId() const noexcept { return view(call_->trace_id); }

    [[nodiscard]] Log log() const noexcept { return Log(host_); }
    /// Nanoseconds since the Unix epoch, by the host's clock.
    [[nodiscard]] std::int64_t wallNs() const
    {
        if (const auto* clock = service<th_host_clock_v1>(TH_HOST_CLOCK_V1))
            return clock->wall_ns(host_);
        return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
    }
    [[nodiscard]] std::uint64_t monotonicNs() const
    {
        if (const auto* clock = service<th_host_clock_v1>(TH_HOST_CLOCK_V1))
            return clock->monotonic_ns(host_);
        const auto now = std::chrono::steady_clock::now().time_since_epoch(); // CLOCK_MONOTONIC in libstdc++
        return static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count());
    }

    [[nodiscard]] bool canFetch() const noexcept { return service<th_host_fetch_v1>(TH_HOST_FETCH_V1) != nullptr; }
    /// Collateral by URL, from the host's cache or the network. Throws when the host has no such service or cannot.
    [[nodiscard]] Fetched fetch(std::string_view url, const FetchOptions& options = {}) const
    {
        const auto* table = service<th_host_fetch_v1>(TH_HOST_FETCH_V1);
        if (table == nullptr)
            throw Error(TH_UNIMPLEMENTED, "this host does not fetch collateral: " + std::string(url));
        const th_fetch_request request{sizeof request,
                                       options.flags,
                                       str(url),
                                       str(options.accept),
                                       static_cast<std::uint64_t>(options.maxAge.count()),
                                       options.maxBytes};
        FetchResult result;
        const th_status status = table->get(host_, call_, &request, &result, keepFetched);
        if (result.outOfMemory)
            throw std::bad_alloc();
        if (status != TH_OK)
            throw Error(status, "cannot fetch " + std::string(url) + reasonOf(table));
        return std::move(result.fetched);
    }

    [[nodiscard]] bool canAskMachine() const noexcept
    {
        return service<th_host_machine_v1>(TH_HOST_MACHINE_V1) != nullptr;
    }
    /// Files of fw_cfg of the machine that QEMU would make of the arguments; those that there are. Throws when the host
    /// has no such service, or QEMU refuses.
    [[nodiscard]] std::vector<FwCfgFile> fwCfg(const Strings& qemu_args, const Strings& names) const
    {
        const auto* table = service<th_host_machine_v1>(TH_HOST_MACHINE_V1);
        if (table == nullptr)
            throw Error(TH_UNIMPLEMENTED, "this host does not ask QEMU what machine it makes");
        const th_fw_cfg_request request{sizeof request, 0,           qemu_args.data(), qemu_args.size(),
                                        names.data(),   names.size()};
        FwCfgResult result;
        const th_status status = table->fw_cfg(host_, call_, &request, &result, keepFile);
        if (result.outOfMemory)
            throw std::bad_alloc();
        if (status != TH_OK) {
            const std::string_view why = view(table->why(host_, call_));
            throw Error(status, "cannot ask QEMU what machine it makes" +
                                    (why.empty() ? std::string() : ": " + std::string(why)));
        }
        return std::move(result.files);
    }

    [[nodiscard]] const th_call* raw() const noexcept { return call_; }

private:
    struct FwCfgResult {
        std::vector<FwCfgFile> files;
        bool outOfMemory = false;
    };
    static void keepFile(void* user, th_str name, th_bytes content) noexcept
    {
        auto& result = *static_cast<FwCfgResult*>(user);
        try {
            const ByteView bytes = view(content);
            result.files.push_back({std::string(view(name)), {bytes.begin(), bytes.end()}});
        } catch (...) {
            result.outOfMemory = true; // nothing else can fail here; said again once the host's frames are left
        }
    }

    struct FetchResult {
        Fetched fetched;
        bool outOfMemory = false;
    };
    static void keepFetched(void* user, const th_fetch_response* response) noexcept
    {
        auto& result = *static_cast<FetchResult*>(user);
        try {
            const ByteView body = view(response->body);
            result.fetched.httpStatus = response->http_status;
            result.fetched.body.assign(body.begin(), body.end());
            for (std::size_t i = 0; i < response->header_count; ++i)
                result.fetched.headers.emplace_back(view(response->headers[i].key), view(response->headers[i].value));
            result.fetched.fetchedWallNs = response->fetched_wall_ns;
        } catch (...) {
            result.outOfMemory = true; // nothing else can fail here; said again once the host's frames are left
        }
    }

    [[nodiscard]] std::string reasonOf(const th_host_fetch_v1* table) const
    {
        if (!TH_HAS(table, th_host_fetch_v1, why))
            return {};
        const std::string_view why = view(table->why(host_, call_));
        return why.empty() ? std::string() : ": " + std::string(why);
    }

    template <class Table>
    [[nodiscard]] const Table* service(const char* id) const noexcept
    {
        return host_ == nullptr ? nullptr : static_cast<const Table*>(host_->get_interface(host_, id));
    }
    [[nodiscard]] th_value getAny(std::string_view key, std::size_t index = 0) const
    {
        th_value value{};
        const th_status status = call_->option(call_, str(key), index, &value);
        if (status == TH_NOT_FOUND)
            throw Error(TH_FAILED_PRECONDITION, "option " + std::string(key) + " is not set", {}, std::string(key));
        if (status != TH_OK)
            throw Error(status, "cannot read option " + std::string(key), {}, std::string(key));
        return value;
    }
    [[nodiscard]] th_value get(std::string_view key, th_type type, std::size_t index = 0) const
    {
        const th_value value = getAny(key, index);
        if (value.type != type)
            throw wrongType(key);
        return value;
    }
    [[nodiscard]] static Error wrongType(std::string_view key)
    {
        return Error(TH_INTERNAL,
                     "option " + std::string(key) + " is read with another type than it is declared with", {},
                     std::string(key));
    }

    const th_call* call_;
    const th_host* host_;
};

} // namespace teehost::sdk
