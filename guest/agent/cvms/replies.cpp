// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/cvms/replies.h"

#include <string>
#include <utility>

#include "guest/agent/cvms/message.h"

namespace teehost::guest {
namespace {

constexpr const char* kAgentIsAway = "the agent takes no requests now; try again in a while";

cvms::ClientStreamMessage refusedRun(const std::string& id, const std::string& error)
{
    cvms::ClientStreamMessage message;
    message.mutable_run_res()->set_computation_id(id);
    message.mutable_run_res()->set_error(error);
    return message;
}

cvms::ClientStreamMessage refusedStop(const std::string& id)
{
    cvms::ClientStreamMessage message;
    message.mutable_stopcomputationres()->set_computation_id(id);
    message.mutable_stopcomputationres()->set_message(kAgentIsAway);
    return message;
}

cvms::ClientStreamMessage stateAnswer(std::string_view id, std::string_view state)
{
    cvms::ClientStreamMessage message;
    message.mutable_agentstateres()->set_id(std::string(id));
    message.mutable_agentstateres()->set_state(std::string(state));
    return message;
}

} // namespace

Requests::Requests(std::string computation, RequestHooks hooks)
    : computation_(std::move(computation)), hooks_(std::move(hooks))
{
}

std::optional<cvms::ClientStreamMessage> Requests::take(const cvms::ServerStreamMessage& request)
{
    using Kind = cvms::ServerStreamMessage;
    switch (request.message_case()) {
    case Kind::kRunReqChunks:
        return takePiece(request.runreqchunks());
    case Kind::kRunReq:
        return handOnRun(computation_, request.runreq());
    case Kind::kStopComputation:
        if (const auto& id = request.stopcomputation().computation_id();
            id.size() <= kMaxIdBytes && !hooks_.hand_on(request))
            return refusedStop(id);
        break;
    case Kind::kAgentStateReq:
        if (const auto& id = request.agentstatereq().id(); id.size() <= kMaxIdBytes)
            return stateAnswer(id, hooks_.agent_state());
        break;
    case Kind::kDisconnectReq:
    case Kind::MESSAGE_NOT_SET:
        break;
    }
    return std::nullopt;
}

std::optional<cvms::ClientStreamMessage> Requests::takePiece(const cvms::RunReqChunks& piece)
{
    if (piece.id().size() > kMaxIdBytes)
        return std::nullopt;
    if (piece.id() != piecesOf_)
        pieces_.clear();
    piecesOf_ = piece.id();
    // One byte more than may be: handOnRun() sees that it is too long.
    pieces_.append(piece.data(), 0, kMaxManifestBytes + 1 - pieces_.size());
    if (!piece.is_last())
        return std::nullopt;
    return handOnRun(std::exchange(piecesOf_, {}), std::exchange(pieces_, {}));
}

std::optional<cvms::ClientStreamMessage> Requests::handOnRun(std::string id, std::string manifest)
{
    if (manifest.size() > kMaxManifestBytes)
        return refusedRun(id, "a manifest has at most " + std::to_string(kMaxManifestBytes) + " bytes");
    cvms::ServerStreamMessage whole;
    whole.mutable_runreqchunks()->set_id(id);
    whole.mutable_runreqchunks()->set_data(std::move(manifest));
    whole.mutable_runreqchunks()->set_is_last(true);
    if (!hooks_.hand_on(whole))
        return refusedRun(id, kAgentIsAway);
    return std::nullopt;
}

} // namespace teehost::guest
