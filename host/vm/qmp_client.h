// SPDX-License-Identifier: Apache-2.0
//
// A client of QEMU's machine protocol (docs/interop/qmp-spec in QEMU's sources) on a UNIX socket. QEMU is not
// trusted: lines are bounded, nesting is bounded, every command has a deadline.
#pragma once

#include "host/base/async.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/local/stream_protocol.hpp>
#include <nlohmann/json_fwd.hpp>

namespace teehost::vm {

/// io_context thread only. Held by shared_ptr because its reader outlives the caller's interest.
class QmpClient : public std::enable_shared_from_this<QmpClient> {
public:
    using EventHandler = std::function<void(const std::string& name, const nlohmann::json& data)>;

    /// Connects, reads the greeting and negotiates. The reply to qmp_capabilities, not the greeting, says
    /// that QEMU has accepted its configuration. Throws Unavailable when the connection breaks,
    /// DeadlineExceeded at `deadline`.
    /// `events` is called for every event from then on; `changed` is notified at every reply and when the
    /// connection closes. Whoever notifies it can end the wait for QEMU: when `abandoned` says so, this
    /// throws Cancelled.
    static asio::awaitable<std::shared_ptr<QmpClient>>
    connect(asio::io_context& io, std::filesystem::path socket, Clock::time_point deadline,
            EventHandler events, std::shared_ptr<Signal> changed, std::function<bool()> abandoned = {});

    /// Runs one command and gives its "return". Throws FailedPrecondition with QEMU's words when it refuses,
    /// Unavailable when the connection is gone, DeadlineExceeded (and closes: a late reply must not answer
    /// the next command).
    asio::awaitable<nlohmann::json> execute(std::string command, Clock::duration limit);
    asio::awaitable<nlohmann::json> execute(std::string command, Clock::duration limit,
                                            nlohmann::json arguments);

    [[nodiscard]] bool connected() const noexcept { return connected_; }
    void close();

private:
    QmpClient(asio::io_context& io, EventHandler events, std::shared_ptr<Signal> changed);

    asio::awaitable<void> read();
    [[nodiscard]] bool waitsUntil(Clock::time_point deadline) const;
    [[noreturn]] void giveUp(Clock::time_point deadline, const std::string& what);
    void take(std::string_view line);

    asio::local::stream_protocol::socket socket_;
    EventHandler events_;
    std::shared_ptr<Signal> changed_;
    std::function<bool()> abandoned_; ///< while connecting
    std::string buffer_;
    bool connected_ = false, greeted_ = false;
    std::uint64_t nextId_ = 1;
    std::map<std::uint64_t, std::shared_ptr<const nlohmann::json>>
        pending_; ///< null until the reply is there
};

} // namespace teehost::vm
