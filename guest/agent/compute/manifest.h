// SPDX-License-Identifier: Apache-2.0
//
// The computation's manifest: it says who may bring which algorithm and which data, and who may have the
// result. The computation-management service sends it (ComputationRunReq of proto/cvms.proto).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "guest/agent/compute/user_key.h"
#include "guest/agent/cvms/message.h"

namespace teehost::guest {

constexpr std::size_t kMaxDatasets = 256;
constexpr std::size_t kMaxConsumers = 64;
constexpr std::size_t kMaxComputationIdBytes = 256;

struct Manifest {
    struct Algorithm {
        std::string hash; ///< SHA3-256
        UserKey key;
    };
    struct Dataset {
        std::string hash; ///< SHA3-256
        UserKey key;
        std::string filename; ///< empty: any
    };

    std::string bytes; ///< as they came
    std::string id;
    Algorithm algorithm;
    std::vector<Dataset> datasets;
    std::vector<UserKey> consumers;
};

/// Throws Refusal for what is no manifest, and for one that this agent cannot hold to: things to be fetched
/// from elsewhere, and TLS on the agent's port, which it does not speak.
[[nodiscard]] Manifest parseManifest(std::string_view bytes);

} // namespace teehost::guest
