// SPDX-License-Identifier: Apache-2.0
//
// The words for what a VM is and when things happened.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <google/protobuf/map.h>
#include <google/protobuf/timestamp.pb.h>
#include <teehost/v1/host.pb.h>

namespace teehost::cli {

/// "running"; "state-42" for one that this program is too old to know.
[[nodiscard]] std::string stateName(v1::VmState state);

/// "attested", "failed", "undecided", else "unknown".
[[nodiscard]] std::string standingName(v1::AttestationStanding standing);

/// Whether nothing comes after `state`.
[[nodiscard]] bool isEnded(v1::VmState state) noexcept;

/// RFC 3339 in UTC with milliseconds: "2026-01-31T12:00:00.123Z".
[[nodiscard]] std::string formatTime(const google::protobuf::Timestamp& time);

/// How long before `now` that was; "0.00s" when it is to come.
[[nodiscard]] std::string formatAge(const google::protobuf::Timestamp& time,
                                    std::chrono::system_clock::time_point now);

/// "team=blue, tier=test", in the order of the keys.
[[nodiscard]] std::string formatLabels(const google::protobuf::Map<std::string, std::string>& labels);

/// The lines of `teehost info ID`, and of the summary after a launch.
[[nodiscard]] std::string describeVm(const v1::Vm& vm, std::chrono::system_clock::time_point now);

} // namespace teehost::cli
