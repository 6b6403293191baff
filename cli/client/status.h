// SPDX-License-Identifier: Apache-2.0
//
// What gRPC reports, told as a sentence with an exit code. The only place that knows gRPC's words.
#pragma once

#include <string>
#include <string_view>

#include <grpcpp/support/status.h>

#include "cli/failure.h"

namespace teehost::cli {

/// The trailing metadata entry in which the daemon may send its hint (binary: UTF-8 text of any language).
constexpr std::string_view kHintMetadata = "teehost-hint-bin";

/// A call that the daemon at `address` was reached for and that did not succeed. `hint` is the daemon's,
/// maybe empty.
[[nodiscard]] Failure failureFromStatus(const grpc::Status& status, const std::string& hint,
                                        const std::string& address);

/// No connection: `detail` is gRPC's account of the last attempt.
[[nodiscard]] Failure unreachable(const std::string& address, std::string_view detail);

} // namespace teehost::cli
