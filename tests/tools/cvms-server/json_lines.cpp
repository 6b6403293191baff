// SPDX-License-Identifier: Apache-2.0
#include "tests/tools/cvms-server/json_lines.h"

#include <iostream>

#include <google/protobuf/util/time_util.h>

namespace teehost::cvms_server {
namespace {

using nlohmann::ordered_json;

ordered_json timeOf(const google::protobuf::Timestamp& time)
{
    using google::protobuf::util::TimeUtil;
    const bool legal = time.seconds() >= TimeUtil::kTimestampMinSeconds &&
                       time.seconds() <= TimeUtil::kTimestampMaxSeconds && time.nanos() >= 0 &&
                       time.nanos() < 1'000'000'000;
    // TimeUtil ends the program for the others.
    return legal ? ordered_json(TimeUtil::ToString(time)) : ordered_json(nullptr);
}

void addFields(ordered_json& line, const cvms::AgentLog& log)
{
    line["timestamp"] = timeOf(log.timestamp());
    line["computation_id"] = log.computation_id();
    line["level"] = log.level();
    line["message"] = log.message();
}

void addFields(ordered_json& line, const cvms::AgentEvent& event)
{
    line["timestamp"] = timeOf(event.timestamp());
    line["computation_id"] = event.computation_id();
    line["event_type"] = event.event_type();
    line["status"] = event.status();
    line["originator"] = event.originator();
    line["details"] = event.details();
}

/// Of evidence, only how much there is.
template <class Evidence>
void addEvidence(ordered_json& line, const Evidence& evidence)
{
    line["bytes"] = evidence.file().size();
    line["certSerialNumber"] = evidence.certserialnumber();
}

} // namespace

void JsonLines::print(const ordered_json& object)
{
    const auto text = object.dump(-1, ' ', /*ensure_ascii=*/true, ordered_json::error_handler_t::replace);
    const std::lock_guard lock(mutex_);
    std::cout << text << std::endl; // flushed: who reads may wait for this line
}

ordered_json describe(const std::string& jobId, const cvms::ClientStreamMessage& message)
{
    using Kind = cvms::ClientStreamMessage;
    ordered_json line{{"type", "unknown"}, {"job_id", jobId}};
    const auto type = [&](const char* name) -> ordered_json& { return line["type"] = name, line; };
    switch (message.message_case()) {
    case Kind::kAgentLog:
        addFields(type("agent_log"), message.agent_log());
        break;
    case Kind::kAgentEvent:
        addFields(type("agent_event"), message.agent_event());
        break;
    case Kind::kRunRes:
        type("run_res")["computation_id"] = message.run_res().computation_id();
        line["error"] = message.run_res().error();
        break;
    case Kind::kStopComputationRes:
        type("stopComputationRes")["computation_id"] = message.stopcomputationres().computation_id();
        line["message"] = message.stopcomputationres().message();
        break;
    case Kind::kAgentStateRes:
        type("agentStateRes")["id"] = message.agentstateres().id();
        line["state"] = message.agentstateres().state();
        break;
    case Kind::kVTPMattestationReport:
        addEvidence(type("vTPMattestationReport"), message.vtpmattestationreport());
        break;
    case Kind::kAzureAttestationToken:
        addEvidence(type("azureAttestationToken"), message.azureattestationtoken());
        break;
    case Kind::MESSAGE_NOT_SET:
        break;
    }
    return line;
}

} // namespace teehost::cvms_server
