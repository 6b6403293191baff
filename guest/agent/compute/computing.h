// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "guest/agent/compute/computation_service.h"
#include "guest/agent/guest_parts.h"

namespace teehost::guest {

/// All that the agent needs to run algorithms, put together for a guest: a workplace in memory, a sandbox,
/// and the requests of the computation-management service, where one is named, in a thread that ends with the
/// process. Throws std::runtime_error when nobody can tell who may bring an algorithm, and std::system_error;
/// the guest can do everything else without.
class Computing {
public:
    explicit Computing(const GuestParts& parts);
    ~Computing();

    [[nodiscard]] ComputationService& service() noexcept;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// Answers the requests of the computation-management service in the place of a Computing that could not be
/// made, in a thread that ends with the process: each is refused with `words`.
void refuseComputations(const GuestParts& parts, const std::string& words);

} // namespace teehost::guest
