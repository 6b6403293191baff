// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
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
/// and keeps them while that process is not there, and the agent's state. Lines and events never block: those
/// that the socket cannot hold are lost, and the next line says how many.
class Uplink {
public:
    /// Throws std::system_error.
    Uplink();
    Uplink(const Uplink&) = delete;
    Uplink& operator=(const Uplink&) = delete;
    ~Uplink();

    void log(LogLevel level, std::string_view text) const;
    void event(GuestEvent event) const;
    /// Sends the agent's answer to a request of the service. It is not lost: this waits until the socket has
    /// room, or has no reader any more.
    void reply(const cvms::ClientStreamMessage& message) const;
    [[nodiscard]] std::string agentState() const;
    /// Names the computation that lines and events of this process are of from now on. Without, they lack
    /// one.
    void setComputation(std::string id) const;

    /// The socket at which the records arrive: each a serialised cvms::ClientStreamMessage of at most
    /// kMaxRecordBytes.
    [[nodiscard]] int receiver() const noexcept { return receiver_.get(); }
    static constexpr std::size_t kMaxRecordBytes = 8192;

    /// Forgets the records that wait, and those that follow in this process and its children to come: nobody
    /// reads them.
    void close();

private:
    bool send(const cvms::ClientStreamMessage& record) const;
    [[nodiscard]] cvms::ClientStreamMessage named(cvms::ClientStreamMessage message) const;

    UniqueFd sender_, receiver_;
    std::atomic<std::uint8_t>* state_ = nullptr; ///< in memory shared with the children; a GuestEvent
    mutable std::atomic<std::uint64_t> lost_ = 0;
    mutable std::mutex mutex_;
    mutable std::string computation_; ///< guarded by mutex_
};

} // namespace teehost::guest
