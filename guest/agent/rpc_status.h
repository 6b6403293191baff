// SPDX-License-Identifier: Apache-2.0
//
// What the caller of a method is told when it fails: the one place where the agent's errors become gRPC's.
#pragma once

#include <exception>

#include <grpcpp/support/status.h>

#include "guest/agent/attest/challenge.h"
#include "guest/agent/attest/no_evidence.h"

namespace teehost::guest {

/// What `body` returns, or the status of what it throws.
template <class Body>
grpc::Status unlessItFails(Body&& body)
{
    try {
        return body();
    } catch (const NoEvidence& e) {
        return {grpc::StatusCode::FAILED_PRECONDITION, e.what()};
    } catch (const BadChallenge& e) {
        return {grpc::StatusCode::INVALID_ARGUMENT, e.what()};
    } catch (const std::exception& e) {
        return {grpc::StatusCode::INTERNAL, e.what()};
    }
}

} // namespace teehost::guest
