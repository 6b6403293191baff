// SPDX-License-Identifier: Apache-2.0
#include "vtpm/tpm_host_test.h"

#include <cppunit/TestAssert.h>

#include "agent.grpc.pb.h"
#include "support/guest_image.h"
#include "teehost/v1/guest.grpc.pb.h"

namespace teehost::test {
namespace {

constexpr auto kAgentLimit = std::chrono::seconds(120);
constexpr const char* kCmdline = "quiet console=ttyS0 panic=-1 no_timer_check";

void setDeadline(grpc::ClientContext& context)
{
    context.set_deadline(std::chrono::system_clock::now() + kAgentLimit);
}

std::shared_ptr<grpc::Channel> agentOf(const v1::Vm& vm)
{
    return grpc::CreateChannel(vm.agent_address(), grpc::InsecureChannelCredentials());
}

} // namespace

void TpmHostTest::startWithTpm(Settings changes)
{
    const auto authority = stage().scratch / "ca";
    std::filesystem::create_directory(authority);
    std::filesystem::permissions(authority, std::filesystem::perms::owner_all);
    settings_ = {{"attesters", "attest-vtpm"},
                 {"attest-vtpm.ca_dir", authority},
                 {"ovmf.code.file", "/usr/share/OVMF/OVMF_CODE_4M.fd"},
                 {"ovmf.vars.file", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
                 {"qemu.kernel.file", guestImage().bzImage},
                 {"qemu.memory.size", "1G"},
                 {"qemu.kernel.cmdline", kCmdline}};
    startDaemon(with(settings_, std::move(changes)));
}

std::string TpmHostTest::commandLine(const std::string& words) { return std::string(kCmdline) + " " + words; }

v1::Vm TpmHostTest::runVmWith(const std::string& words)
{
    startWithTpm({{"qemu.kernel.cmdline", commandLine(words)}});
    return runVm();
}

TpmHostTest::AgentAnswer TpmHostTest::askEvidence(const v1::Vm& vm, EvidenceType type,
                                                  const std::string& nonce)
{
    const auto stub = agent::AgentService::NewStub(agentOf(vm));
    grpc::ClientContext context;
    setDeadline(context);
    agent::AttestationRequest request;
    request.set_type(static_cast<int>(type));
    request.set_vtpmnonce(nonce);
    request.set_teenonce(nonce);
    const auto reader = stub->Attestation(&context, request);
    AgentAnswer out;
    for (agent::AttestationResponse piece; reader->Read(&piece);)
        out.bytes += piece.file();
    out.status = reader->Finish();
    return out;
}

std::string TpmHostTest::evidenceOf(const v1::Vm& vm, const std::string& nonce)
{
    auto evidence = askEvidence(vm, EvidenceType::Vtpm, nonce);
    requireOk(evidence.status);
    return std::move(evidence.bytes);
}

grpc::Status TpmHostTest::askEndorsement(const v1::Vm& vm, std::map<std::string, std::string>& pieces)
{
    grpc::ClientContext context;
    setDeadline(context);
    v1::GetEndorsementResponse response;
    const auto status = v1::GuestService::NewStub(agentOf(vm))->GetEndorsement(&context, {}, &response);
    for (const auto& piece : response.pieces())
        CPPUNIT_ASSERT(pieces.emplace(piece.kind(), piece.data()).second);
    return status;
}

TpmHostTest::AgentAnswer TpmHostTest::askAnswer(const v1::Vm& vm, const std::string& challenge)
{
    grpc::ClientContext context;
    setDeadline(context);
    v1::AnswerChallengeRequest request;
    request.set_challenge(challenge);
    v1::AnswerChallengeResponse response;
    const auto status = v1::GuestService::NewStub(agentOf(vm))->AnswerChallenge(&context, request, &response);
    return {status, response.answer()};
}

} // namespace teehost::test
