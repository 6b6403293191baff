// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>

#include <grpcpp/support/status.h>

#include "host/base/log.h"

namespace teehost::api {

/// The one place where errors become gRPC statuses: OK for null; an Error keeps its category, its message and
/// its hint; anything else is a bug, logged with an incident number, and only that number is told.
[[nodiscard]] grpc::Status toStatus(const std::exception_ptr& error, const Log& log);

} // namespace teehost::api
