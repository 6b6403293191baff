// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "cvms.pb.h"

namespace teehost::guest {

/// What the agent in that state answers: its state; to a run (after its last piece) and to a stop that it
/// does not do so, in words. Nothing to the pieces before, to a disconnectReq, to a kind it does not know,
/// and to an identifier longer than kMaxIdBytes, which no service makes. `computation` stands for a runReq,
/// whose identifier nobody reads.
[[nodiscard]] std::optional<cvms::ClientStreamMessage>
replyTo(const cvms::ServerStreamMessage& request, std::string_view state, std::string_view computation);

} // namespace teehost::guest
