// SPDX-License-Identifier: Apache-2.0
//
// The status that the caller of a method gets when it fails: the one place where the agent's errors become
// gRPC's.
#pragma once

#include <exception>

#include <grpcpp/support/status.h>

#include "guest/agent/attest/challenge.h"
#include "guest/agent/attest/no_evidence.h"
#include "guest/agent/compute/refusal.h"

namespace teehost::guest {

[[nodiscard]] inline grpc::StatusCode statusOf(Refusal::Kind kind) noexcept
{
    switch (kind) {
    case Refusal::Kind::State:
        return grpc::StatusCode::FAILED_PRECONDITION;
    case Refusal::Kind::Authentication:
        return grpc::StatusCode::UNAUTHENTICATED;
    case Refusal::Kind::Input:
        return grpc::StatusCode::INVALID_ARGUMENT;
    case Refusal::Kind::Room:
        break;
    }
    return grpc::StatusCode::RESOURCE_EXHAUSTED;
}

/// Returns the status of `body`, or the one for what it throws.
template <class Body>
grpc::Status unlessItFails(Body&& body)
{
    try {
        return body();
    } catch (const NoEvidence& e) {
        return {grpc::StatusCode::FAILED_PRECONDITION, e.what()};
    } catch (const Refusal& e) {
        return {statusOf(e.kind()), e.what()};
    } catch (const BadChallenge& e) {
        return {grpc::StatusCode::INVALID_ARGUMENT, e.what()};
    } catch (const std::exception& e) {
        return {grpc::StatusCode::INTERNAL, e.what()};
    }
}

} // namespace teehost::guest
