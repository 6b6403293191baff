// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "cvms.pb.h"

#include "host/base/unique_fd.h"

namespace teehost::guest {

/// The way from the process that talks with the computation-management service to the agent: requests to run
/// and to stop a computation. Made in PID 1, which keeps both ends, and shared by its children: what is sent
/// while there is no agent waits for the next one.
class Downlink {
public:
    /// Throws std::system_error.
    Downlink();

    /// Never blocks; false when there is no room, or the message is empty or longer than kMaxRecordBytes.
    [[nodiscard]] bool send(const cvms::ServerStreamMessage& request) const;
    /// Waits for the next request. Returns nullopt for what is none; throws std::system_error when nothing
    /// can come any more.
    [[nodiscard]] std::optional<cvms::ServerStreamMessage> receive() const;

    /// Has room for a manifest of kMaxManifestBytes and its identifier.
    static constexpr std::size_t kMaxRecordBytes = 144 * 1024;

private:
    UniqueFd sender_, receiver_;
};

} // namespace teehost::guest
