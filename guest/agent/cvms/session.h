// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <grpcpp/channel.h>

#include "guest/agent/cvms/outbox.h"
#include "guest/agent/cvms/replies.h"

namespace teehost::guest {

/// The surroundings of a connection, as far as it needs them.
struct SessionContext {
    std::string computation;         ///< metadata `job-id`; a legal value of metadata
    RequestHooks requests;           ///< called from the session's thread of its own
    std::function<void()> connected; ///< called once, when the first message is on its way
};

struct SessionEnd {
    enum class Why {
        Lost,         ///< or never had: `words` say why, as the server or gRPC put it
        Disconnected, ///< the server asked for it, and does not want to be dialed again
        Finished,     ///< Outbox::finish(), and all is sent
    };
    Why why = Why::Lost;
    std::string words;
    std::chrono::milliseconds lasted{0}; ///< since the first message was on its way
};

/// How long a server has to take its leave before the connection is cut.
inline constexpr std::chrono::milliseconds kFarewell{500};

/// Opens Service/Process, sends what is in the outbox and answers requests, until one of the two ends it.
/// Nothing the server does or leaves undone takes memory without bound or keeps it after its end: a message
/// is as long as the channel allows, replies are bounded, and a server that reads nothing only stops the
/// sending.
[[nodiscard]] SessionEnd runSession(const std::shared_ptr<grpc::Channel>& channel, Outbox& outbox,
                                    const SessionContext& context);

} // namespace teehost::guest
