// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "guest/agent/cvms/report.h"
#include "host/base/unique_fd.h"

namespace cvms {
class ClientStreamMessage;
}

namespace teehost::guest {

/// The way from the processes of the guest to the one that talks with the computation-management service.
/// Made in PID 1, and shared by its children: a socket that takes log lines and events from the first one on
/// and keeps them while that process is not there, and the agent's state. It never blocks: what the socket
/// cannot hold is lost, and the next line says how much.
class Uplink {
public:
    /// Throws std::system_error.
    Uplink();
    Uplink(const Uplink&) = delete;
    Uplink& operator=(const Uplink&) = delete;
    ~Uplink();

    void log(LogLevel level, std::string_view text) const;
    void event(GuestEvent event) const;
    /// What the agent answers to a request of the service.
    void reply(const cvms::ClientStreamMessage& message) const;
    [[nodiscard]] std::string agentState() const;

    /// Where the records arrive: each a serialised cvms::ClientStreamMessage of at most kMaxRecordBytes.
    [[nodiscard]] int receiver() const noexcept { return receiver_.get(); }
    static constexpr std::size_t kMaxRecordBytes = 8192;

    /// Nobody reads in this process and its children to come: what waits is forgotten, and what follows too.
    void close();

private:
    bool send(const std::string& record) const;

    UniqueFd sender_, receiver_;
    std::atomic<std::uint8_t>* state_ = nullptr; ///< in memory shared with the children; a GuestEvent
    mutable std::atomic<std::uint64_t> lost_ = 0;
};

} // namespace teehost::guest
