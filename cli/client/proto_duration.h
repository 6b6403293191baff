// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include <google/protobuf/duration.pb.h>

namespace teehost::cli {

[[nodiscard]] inline google::protobuf::Duration toProto(std::chrono::nanoseconds duration)
{
    constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
    google::protobuf::Duration proto;
    proto.set_seconds(duration.count() / kNanosPerSecond);
    proto.set_nanos(static_cast<std::int32_t>(duration.count() % kNanosPerSecond));
    return proto;
}

} // namespace teehost::cli
