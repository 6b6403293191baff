// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/cvms/replies.h"

#include <string>

#include "guest/agent/cvms/message.h"

namespace teehost::guest {
namespace {

constexpr const char* kRunsNothing = "the reference agent runs no computations";
constexpr const char* kNothingToStop =
    "nothing to stop: the reference agent runs no computations; the VM is ended by whoever made it";

cvms::ClientStreamMessage refusedRun(std::string_view id)
{
    cvms::ClientStreamMessage message;
    message.mutable_run_res()->set_computation_id(std::string(id));
    message.mutable_run_res()->set_error(kRunsNothing);
    return message;
}

cvms::ClientStreamMessage refusedStop(std::string_view id)
{
    cvms::ClientStreamMessage message;
    message.mutable_stopcomputationres()->set_computation_id(std::string(id));
    message.mutable_stopcomputationres()->set_message(kNothingToStop);
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

std::optional<cvms::ClientStreamMessage> replyTo(const cvms::ServerStreamMessage& request,
                                                 std::string_view state, std::string_view computation)
{
    using Kind = cvms::ServerStreamMessage;
    const auto answer = [&](const std::string& id, auto&& make) -> std::optional<cvms::ClientStreamMessage> {
        if (id.size() > kMaxIdBytes)
            return std::nullopt;
        return make(id);
    };
    switch (request.message_case()) {
    case Kind::kRunReqChunks:
        if (!request.runreqchunks().is_last())
            return std::nullopt;
        return answer(request.runreqchunks().id(), refusedRun);
    case Kind::kRunReq:
        return refusedRun(computation);
    case Kind::kStopComputation:
        return answer(request.stopcomputation().computation_id(), refusedStop);
    case Kind::kAgentStateReq:
        return answer(request.agentstatereq().id(),
                      [&](const std::string& id) { return stateAnswer(id, state); });
    case Kind::kDisconnectReq:
    case Kind::MESSAGE_NOT_SET:
        break;
    }
    return std::nullopt;
}

} // namespace teehost::guest
