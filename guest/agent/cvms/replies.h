// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cvms.pb.h"

namespace teehost::guest {

/// The surroundings of a request, as far as it needs them.
struct RequestHooks {
    std::function<std::string()> agent_state;
    /// Gives a request to the agent, which answers it on its own; false when it cannot be given.
    std::function<bool(const cvms::ServerStreamMessage&)> hand_on;
};

/// The requests of one connection. Tells the agent's state; gathers the pieces of a run request, and hands it
/// and the request to stop on to the agent, or refuses in words. The kinds it does not know, and identifiers
/// longer than kMaxIdBytes, which no service makes, get no answer.
class Requests {
public:
    /// `computation` stands for a run request in one piece, whose identifier is not read here.
    Requests(std::string computation, RequestHooks hooks);

    /// Returns the message that answers the request at once, if any.
    [[nodiscard]] std::optional<cvms::ClientStreamMessage> take(const cvms::ServerStreamMessage& request);

private:
    std::optional<cvms::ClientStreamMessage> takePiece(const cvms::RunReqChunks& piece);
    std::optional<cvms::ClientStreamMessage> handOnRun(std::string id, std::string manifest);

    std::string computation_;
    RequestHooks hooks_;
    std::string piecesOf_, pieces_; ///< of the run request whose last piece has not come
};

} // namespace teehost::guest
