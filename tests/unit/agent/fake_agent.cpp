// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/agent/fake_agent.h"

#include <chrono>
#include <stdexcept>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

namespace teehost::agent::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 20s;
constexpr auto kLookAgain = 5ms; // the synchronous API tells of a cancellation only when it is asked

std::unique_ptr<grpc::Server> serve(grpc::ServerBuilder& builder, int& port)
{
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    auto server = builder.BuildAndStart();
    if (!server || port == 0)
        throw std::runtime_error("the fake agent cannot listen");
    return server;
}

/// Writes one buffer and ends the call.
class GarbledCall final : public grpc::ServerGenericBidiReactor {
public:
    explicit GarbledCall(const std::string& bytes)
    {
        const grpc::Slice slice(bytes);
        buffer_ = grpc::ByteBuffer(&slice, 1);
        StartWriteAndFinish(&buffer_, {}, grpc::Status::OK);
    }
    void OnDone() override { delete this; } // as gRPC wants it

private:
    grpc::ByteBuffer buffer_;
};

class GarbledService final : public grpc::CallbackGenericService {
public:
    explicit GarbledService(std::string bytes) : bytes_(std::move(bytes)) {}
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override
    {
        return new GarbledCall(bytes_);
    }

private:
    std::string bytes_;
};

} // namespace

void Count::add()
{
    const std::lock_guard lock(mutex_);
    ++number_;
    changed_.notify_all();
}

bool Count::reaches(unsigned number)
{
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return number_ >= number; });
}

unsigned Count::now() const
{
    const std::lock_guard lock(mutex_);
    return number_;
}

DeadPort::DeadPort(Kind kind) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(fd_, any, size) != 0 || ::getsockname(fd_, any, &size) != 0 ||
        (kind == Kind::Mute && ::listen(fd_, 8) != 0))
        throw std::runtime_error("no port can be had");
    port_ = ntohs(address.sin_port);
}

DeadPort::~DeadPort() { ::close(fd_); }

struct FakeAgent::Services {
    explicit Services(FakeAgent& its_agent) : evidence(its_agent), guest(its_agent) {}

    struct Evidence final : ::agent::AgentService::Service {
        explicit Evidence(FakeAgent& its_agent) : agent(its_agent) {}
        grpc::Status Attestation(grpc::ServerContext* context, const ::agent::AttestationRequest* request,
                                 Pieces* pieces) override
        {
            return agent.attestation(*context, *request, *pieces);
        }
        FakeAgent& agent;
    } evidence;

    struct Guest final : v1::GuestService::Service {
        explicit Guest(FakeAgent& its_agent) : agent(its_agent) {}
        grpc::Status GetEndorsement(grpc::ServerContext* context, const v1::GetEndorsementRequest*,
                                    v1::GetEndorsementResponse* response) override
        {
            return agent.endorsement(*context, *response);
        }
        grpc::Status AnswerChallenge(grpc::ServerContext* context, const Challenge* request,
                                     v1::AnswerChallengeResponse* response) override
        {
            return agent.answer(*context, *request, *response);
        }
        FakeAgent& agent;
    } guest;
};

FakeAgent::FakeAgent(Knows knows) : services_(std::make_unique<Services>(*this))
{
    grpc::ServerBuilder builder;
    builder.RegisterService(&services_->evidence);
    if (knows == Knows::EvidenceAndChallenges)
        builder.RegisterService(&services_->guest);
    server_ = serve(builder, port_);
}

FakeAgent::~FakeAgent() { server_->Shutdown(std::chrono::system_clock::now()); }

grpc::Status FakeAgent::hang(grpc::ServerContext& context)
{
    hanging.add();
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    while (!context.IsCancelled() && std::chrono::steady_clock::now() < limit)
        never.wait_for(lock, kLookAgain);
    if (context.IsCancelled())
        cancelled.add();
    return {grpc::StatusCode::INTERNAL, "it was not cancelled"};
}

GarbledAgent::GarbledAgent(std::string bytes) : service_(std::make_unique<GarbledService>(std::move(bytes)))
{
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(service_.get());
    server_ = serve(builder, port_);
}

GarbledAgent::~GarbledAgent() { server_->Shutdown(std::chrono::system_clock::now()); }

bool send(FakeAgent::Pieces& pieces, const std::string& bytes)
{
    ::agent::AttestationResponse piece;
    piece.set_file(bytes);
    return pieces.Write(piece);
}

} // namespace teehost::agent::test
