// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include <grpcpp/grpcpp.h>

#include "agent.grpc.pb.h"
#include "guest/agent/compute/computation.h"

namespace teehost::guest {

/// The gRPC of the three methods of agent.AgentService that bring an algorithm and data and take the result
/// away. The metadata are those of the Cocos CLI: `signature`, `algo_type`, `algo_args`,
/// `python_runtime`, `decompress`.
class ComputationService {
public:
    ComputationService(Computation& computation, Workplace& workplace)
        : computation_(computation), workplace_(workplace)
    {
    }

    grpc::Status algo(grpc::ServerContext& context, grpc::ServerReader<agent::AlgoRequest>& reader);
    grpc::Status data(grpc::ServerContext& context, grpc::ServerReader<agent::DataRequest>& reader);
    grpc::Status result(grpc::ServerContext& context, grpc::ServerWriter<agent::ResultResponse>& writer);

private:
    Computation& computation_;
    Workplace& workplace_;
    std::atomic<int> uploads_ = 0, results_ = 0, drains_ = 0;
};

} // namespace teehost::guest
