// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/service.h"

#include <memory>
#include <string>
#include <utility>

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include "agent.grpc.pb.h"
#include "guest/agent/attest/evidence.h"
#include "guest/agent/attest/misbehaviour.h"
#include "guest/agent/compute/computing.h"
#include "guest/agent/guest_service.h"
#include "guest/agent/rpc_status.h"

namespace teehost::guest {
namespace {

using grpc::ServerContext;

grpc::Status unimplemented(const std::string& method)
{
    return {grpc::StatusCode::UNIMPLEMENTED, "the reference agent does not implement " + method};
}

/// AttestationRequest.type, as Cocos numbers it.
enum class EvidenceType { Snp = 0, Vtpm = 1, SnpVtpm = 2, Tdx = 4, NoTee = 5 };

std::string evidenceFor(const agent::AttestationRequest& request, Misbehaviour& misbehaviour)
{
    switch (static_cast<EvidenceType>(request.type())) {
    case EvidenceType::Snp:
        return teeEvidence(request.teenonce(), kSnpDriver);
    case EvidenceType::Vtpm:
        return misbehaviour.passOn(vtpmEvidence(request.vtpmnonce()));
    case EvidenceType::SnpVtpm:
        return snpVtpmEvidence(request.teenonce(), request.vtpmnonce());
    case EvidenceType::Tdx:
        return teeEvidence(request.teenonce(), kTdxDriver);
    case EvidenceType::NoTee:
        throw NoEvidence("evidence of a VM without TEE was asked for: there is none");
    }
    throw NoEvidence("the reference agent has no evidence of type " + std::to_string(request.type()));
}

constexpr int kKeepaliveMs = 60'000, kKeepaliveTimeoutMs = 20'000;
/// Calls are refused past it. It holds the uploads, the results and the refused uploads that are read at a
/// time, and as many calls of other methods.
constexpr int kMaxThreads = 48;
constexpr std::size_t kPiece = 1u << 20; // well below gRPC's limit of 4 MiB a message

/// Tells the size of the whole file before its pieces. The clients of Cocos divide by it, and so must not get
/// a piece of an empty file.
void announce(ServerContext& context, std::uint64_t bytes)
{
    context.AddInitialMetadata("file-size", std::to_string(bytes));
}

template <class Take>
void forEachPiece(const std::string& bytes, Take&& take)
{
    for (std::size_t at = 0; at < bytes.size(); at += kPiece)
        take(bytes.substr(at, kPiece));
}

grpc::Status sendInPieces(ServerContext& context, const std::string& evidence,
                          grpc::ServerWriter<agent::AttestationResponse>& writer)
{
    announce(context, evidence.size());
    agent::AttestationResponse response;
    forEachPiece(evidence, [&](const std::string& piece) {
        response.set_file(piece);
        writer.Write(response);
    });
    return grpc::Status::OK;
}

/// The generated base answers UNIMPLEMENTED too, but without a word of why.
class ReferenceAgent final : public agent::AgentService::Service {
public:
    /// Without `computing` it gives out evidence only, and `why` tells the others the reason.
    ReferenceAgent(Fault fault, ComputationService* computing, std::string why)
        : misbehaviour_(fault), computing_(computing), why_(std::move(why))
    {
    }

private:
    grpc::Status Algo(ServerContext* context, grpc::ServerReader<agent::AlgoRequest>* reader,
                      agent::AlgoResponse*) override
    {
        return computing_ == nullptr ? cannotCompute() : computing_->algo(*context, *reader);
    }
    grpc::Status Data(ServerContext* context, grpc::ServerReader<agent::DataRequest>* reader,
                      agent::DataResponse*) override
    {
        return computing_ == nullptr ? cannotCompute() : computing_->data(*context, *reader);
    }
    grpc::Status Result(ServerContext* context, const agent::ResultRequest*,
                        grpc::ServerWriter<agent::ResultResponse>* writer) override
    {
        return computing_ == nullptr ? cannotCompute() : computing_->result(*context, *writer);
    }
    grpc::Status Attestation(ServerContext* context, const agent::AttestationRequest* request,
                             grpc::ServerWriter<agent::AttestationResponse>* writer) override
    {
        return unlessItFails(
            [&] { return sendInPieces(*context, evidenceFor(*request, misbehaviour_), *writer); });
    }
    grpc::Status IMAMeasurements(ServerContext* context, const agent::IMAMeasurementsRequest* request,
                                 grpc::ServerWriter<agent::IMAMeasurementsResponse>* writer) override
    {
        return unlessItFails([&] {
            const ImaEvidence ima = imaEvidence(request->binary() ? ImaForm::Binary : ImaForm::Ascii);
            announce(*context, ima.log.size());
            agent::IMAMeasurementsResponse last;
            forEachPiece(ima.log, [&](const std::string& piece) {
                last.set_file(piece);
                last.set_pcr10(ima.pcr10); // with each piece: the clients of Cocos read it out of each
                writer->Write(last);
            });
            return grpc::Status::OK;
        });
    }
    grpc::Status AzureAttestationToken(ServerContext*, const agent::AttestationTokenRequest*,
                                       agent::AttestationTokenResponse*) override
    {
        return unimplemented("AzureAttestationToken");
    }

    [[nodiscard]] grpc::Status cannotCompute() const { return {grpc::StatusCode::FAILED_PRECONDITION, why_}; }

    Misbehaviour misbehaviour_;
    ComputationService* computing_;
    std::string why_;
};

/// Returns nullptr, with the reason in `why`, when no algorithm can be run in this guest.
std::unique_ptr<Computing> makeComputing(const GuestParts& parts, std::string& why)
{
    try {
        return std::make_unique<Computing>(parts);
    } catch (const std::exception& e) {
        why = std::string("no algorithm can be run here: ") + e.what();
        parts.console.line(why, LogLevel::Warning);
        refuseComputations(parts, why);
        return nullptr;
    }
}

} // namespace

void serveAgent(const GuestParts& parts)
{
    const auto& parameters = parts.parameters;
    const auto& console = parts.console;
    std::string why;
    const auto computing = makeComputing(parts, why);
    ReferenceAgent agent(parameters.fault, computing ? &computing->service() : nullptr, why);
    const auto guest = makeGuestService();
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    int bound = 0;
    // Without this a second process on the port would bind it as well and take half of the connections.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    // A client that vanished ends its calls, which hold uploads and results.
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0); // as many as it takes
    grpc::ResourceQuota quota("agent");
    quota.SetMaxThreads(kMaxThreads);
    builder.SetResourceQuota(quota);
    // A numeric address: a static program has no name service.
    builder.AddListeningPort("0.0.0.0:" + std::to_string(parameters.agentPort),
                             grpc::InsecureServerCredentials(), &bound);
    builder.RegisterService(&agent);
    builder.RegisterService(guest.get());
    const auto server = builder.BuildAndStart();
    if (!server || bound == 0) {
        console.line("cannot listen on port " + std::to_string(parameters.agentPort));
        return;
    }
    // The clients of Cocos ask for "agent", teehost's for the name of the service; "" is answered by itself.
    for (const char* name : {"agent", agent::AgentService::service_full_name()})
        server->GetHealthCheckService()->SetServingStatus(name, true);
    console.line("agent listens on port " + std::to_string(bound));
    console.event(GuestEvent::AgentServing);
    server->Wait();
}

} // namespace teehost::guest
