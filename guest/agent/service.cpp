// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/service.h"

#include <string>

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include "agent.grpc.pb.h"

namespace teehost::guest {
namespace {

using grpc::ServerContext;

grpc::Status unimplemented(const std::string& method)
{
    return {grpc::StatusCode::UNIMPLEMENTED, "the reference agent does not implement " + method};
}

/// The generated base answers UNIMPLEMENTED too, but without a word of why.
class ReferenceAgent final : public agent::AgentService::Service {
    grpc::Status Algo(ServerContext*, grpc::ServerReader<agent::AlgoRequest>*, agent::AlgoResponse*) override
    {
        return unimplemented("Algo");
    }
    grpc::Status Data(ServerContext*, grpc::ServerReader<agent::DataRequest>*, agent::DataResponse*) override
    {
        return unimplemented("Data");
    }
    grpc::Status Result(ServerContext*, const agent::ResultRequest*,
                        grpc::ServerWriter<agent::ResultResponse>*) override
    {
        return unimplemented("Result");
    }
    grpc::Status Attestation(ServerContext*, const agent::AttestationRequest*,
                             grpc::ServerWriter<agent::AttestationResponse>*) override
    {
        return unimplemented("Attestation");
    }
    grpc::Status IMAMeasurements(ServerContext*, const agent::IMAMeasurementsRequest*,
                                 grpc::ServerWriter<agent::IMAMeasurementsResponse>*) override
    {
        return unimplemented("IMAMeasurements");
    }
    grpc::Status AzureAttestationToken(ServerContext*, const agent::AttestationTokenRequest*,
                                       agent::AttestationTokenResponse*) override
    {
        return unimplemented("AzureAttestationToken");
    }
};

} // namespace

void serveAgent(std::uint16_t port, const Console& console)
{
    ReferenceAgent agent;
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    int bound = 0;
    // Without this a second process on the port would bind it as well and take half of the connections.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    // A numeric address: a static program has no name service.
    builder.AddListeningPort("0.0.0.0:" + std::to_string(port), grpc::InsecureServerCredentials(), &bound);
    builder.RegisterService(&agent);
    const auto server = builder.BuildAndStart();
    if (!server || bound == 0) {
        console.line("cannot listen on port " + std::to_string(port));
        return;
    }
    server->GetHealthCheckService()->SetServingStatus(agent::AgentService::service_full_name(), true);
    console.line("agent listens on port " + std::to_string(bound));
    server->Wait();
}

} // namespace teehost::guest
