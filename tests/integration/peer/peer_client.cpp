// SPDX-License-Identifier: Apache-2.0
#include "peer/peer_client.h"

#include <charconv>
#include <chrono>

#include <cppunit/TestAssert.h>

#include "support/client.h"

namespace teehost::test {
namespace {

constexpr std::size_t kPiece = 1024 * 1024;
constexpr std::size_t kSha1Bytes = 20;
constexpr auto kLimit = std::chrono::seconds(180);

void setDeadline(grpc::ClientContext& context)
{
    context.set_deadline(std::chrono::system_clock::now() + kLimit);
}

std::uint64_t fileSizeOf(const grpc::ClientContext& context)
{
    const auto& metadata = context.GetServerInitialMetadata();
    const auto found = metadata.find("file-size");
    if (found == metadata.end())
        return 0; // as the Cocos CLI takes it, which then divides by it
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(found->second.begin(), found->second.end(), size);
    CPPUNIT_ASSERT(error == std::errc() && end == found->second.end());
    return size;
}

template <class Reader, class Response>
PeerClient::Download receive(const grpc::ClientContext& context, Reader& reader, Response& piece,
                             const std::function<void()>& eachPiece = {})
{
    PeerClient::Download out;
    reader.WaitForInitialMetadata();
    const auto size = fileSizeOf(context);
    while (reader.Read(&piece)) {
        CPPUNIT_ASSERT_MESSAGE("a percentage needs the size of the file", size != 0);
        out.file += piece.file();
        CPPUNIT_ASSERT_MESSAGE("a file is not longer than was said", out.file.size() <= size);
        if (eachPiece)
            eachPiece();
    }
    out.status = reader.Finish();
    if (out.status.ok())
        CPPUNIT_ASSERT_EQUAL(size, std::uint64_t{out.file.size()});
    return out;
}

template <class Send>
void inPieces(const std::string& bytes, Send&& send)
{
    for (std::size_t at = 0; at < bytes.size(); at += kPiece)
        CPPUNIT_ASSERT_MESSAGE("the Cocos CLI says EOF when it cannot send", send(bytes.substr(at, kPiece)));
}

} // namespace

PeerClient::PeerClient(const std::string& address)
    : channel_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())),
      agent_(agent::AgentService::NewStub(channel_))
{
    CPPUNIT_ASSERT(isHealthy(address, "agent"));
}

void PeerClient::sign(grpc::ClientContext& context, const std::string& role, const PeerKey& key)
{
    setDeadline(context);
    context.AddMetadata("user-id", role);
    context.AddMetadata("signature", key.sign(role));
}

grpc::Status PeerClient::algo(const Algorithm& algorithm, const PeerKey& key)
{
    grpc::ClientContext context;
    sign(context, "algorithm-provider", key);
    context.AddMetadata("algo_type", algorithm.type);
    for (const auto& argument : algorithm.arguments)
        context.AddMetadata("algo_args", argument);
    context.AddMetadata("python_runtime", "python3");
    agent::AlgoResponse response;
    const auto writer = agent_->Algo(&context, &response);
    inPieces(algorithm.requirements, [&](const std::string& piece) {
        agent::AlgoRequest request;
        request.set_requirements(piece);
        return writer->Write(request);
    });
    inPieces(algorithm.program, [&](const std::string& piece) {
        agent::AlgoRequest request;
        request.set_algorithm(piece);
        return writer->Write(request);
    });
    writer->WritesDone();
    return writer->Finish();
}

grpc::Status PeerClient::data(const std::string& name, const std::string& bytes, const PeerKey& key,
                              bool decompress)
{
    grpc::ClientContext context;
    sign(context, "data-provider", key);
    context.AddMetadata("decompress", decompress ? "true" : "false");
    agent::DataResponse response;
    const auto writer = agent_->Data(&context, &response);
    inPieces(bytes, [&](const std::string& piece) {
        agent::DataRequest request;
        request.set_dataset(piece);
        request.set_filename(name);
        return writer->Write(request);
    });
    writer->WritesDone();
    return writer->Finish();
}

PeerClient::Download PeerClient::result(const PeerKey& key)
{
    grpc::ClientContext context;
    sign(context, "consumer", key);
    const auto reader = agent_->Result(&context, {});
    agent::ResultResponse piece;
    return receive(context, *reader, piece);
}

PeerClient::Download PeerClient::attestation(int type, const std::string& nonce)
{
    grpc::ClientContext context;
    setDeadline(context);
    agent::AttestationRequest request;
    request.set_type(type);
    request.set_teenonce(nonce);
    request.set_vtpmnonce(nonce);
    const auto reader = agent_->Attestation(&context, request);
    agent::AttestationResponse piece;
    return receive(context, *reader, piece);
}

PeerClient::Download PeerClient::imaMeasurements(bool binary)
{
    grpc::ClientContext context;
    setDeadline(context);
    agent::IMAMeasurementsRequest request;
    request.set_binary(binary);
    const auto reader = agent_->IMAMeasurements(&context, request);
    agent::IMAMeasurementsResponse piece;
    std::string pcr10;
    auto out = receive(context, *reader, piece, [&] {
        CPPUNIT_ASSERT_MESSAGE("each piece has the PCR", piece.pcr10().size() >= kSha1Bytes);
        pcr10 = piece.pcr10();
    });
    out.pcr10 = pcr10;
    return out;
}

} // namespace teehost::test
