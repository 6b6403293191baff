// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/cvms/message.h"

#include <string>

namespace teehost::guest {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr const char* kOriginator = "agent";

void setTime(google::protobuf::Timestamp& timestamp, WallTime time)
{
    const auto sinceEpoch = time.time_since_epoch();
    const auto whole = std::chrono::floor<seconds>(sinceEpoch); // nanos must not be negative
    timestamp.set_seconds(whole.count());
    timestamp.set_nanos(
        static_cast<std::int32_t>(std::chrono::duration_cast<nanoseconds>(sinceEpoch - whole).count()));
}

std::string escaped(std::string_view text)
{
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = byte >= 0x20 && byte < 0x7f;
        // A byte may become four: counted here, so that the message is bounded and not the text alone.
        if (out.size() + (plain ? 1u : 4u) > kMaxLogBytes)
            return out + "...";
        if (plain)
            out += c;
        else
            out.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 0xf]);
    }
    return out;
}

} // namespace

cvms::ClientStreamMessage logMessage(LogLevel level, std::string_view text, WallTime time)
{
    cvms::ClientStreamMessage message;
    auto& log = *message.mutable_agent_log();
    log.set_message(escaped(text));
    log.set_level(std::string(nameOf(level)));
    setTime(*log.mutable_timestamp(), time);
    return message;
}

cvms::ClientStreamMessage eventMessage(GuestEvent kind, WallTime time, std::chrono::milliseconds uptime)
{
    cvms::ClientStreamMessage message;
    auto& event = *message.mutable_agent_event();
    event.set_event_type(std::string(wordsOf(kind).type));
    event.set_status(std::string(wordsOf(kind).status));
    event.set_originator(kOriginator);
    event.set_details("{\"uptime_ms\":" + std::to_string(uptime.count()) + "}");
    setTime(*event.mutable_timestamp(), time);
    return message;
}

cvms::ClientStreamMessage droppedMessage(std::uint64_t count, WallTime time)
{
    return logMessage(
        LogLevel::Warning,
        std::to_string(count) + " messages before this one were dropped: nobody took them in time", time);
}

std::optional<LogLevel> levelOf(const cvms::ClientStreamMessage& message)
{
    return message.has_agent_log() ? parseLogLevel(message.agent_log().level()) : std::nullopt;
}

void setComputation(cvms::ClientStreamMessage& message, std::string_view id)
{
    if (message.has_agent_log())
        message.mutable_agent_log()->set_computation_id(std::string(id));
    else if (message.has_agent_event())
        message.mutable_agent_event()->set_computation_id(std::string(id));
}

bool hasComputation(const cvms::ClientStreamMessage& message)
{
    const auto& id = message.has_agent_log() ? message.agent_log().computation_id()
                                             : message.agent_event().computation_id();
    return !id.empty() && id.size() <= kMaxIdBytes;
}

} // namespace teehost::guest
