// SPDX-License-Identifier: Apache-2.0
#include "host/agent/agent_client.h"

#include <condition_variable>
#include <mutex>
#include <set>

#include <grpcpp/grpcpp.h>

#include "agent.grpc.pb.h"
#include "teehost/v1/guest.grpc.pb.h"

#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::agent {
namespace {

using plugin::Bytes;

constexpr std::size_t kMaxEvidence = 4u << 20;
constexpr int kMaxMessage = 4 << 20;
constexpr std::size_t kMaxPieces = 16, kMaxWords = 300;

std::string textOf(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }
Bytes bytesOf(const std::string& text) { return {text.begin(), text.end()}; }

} // namespace

struct AgentCalls::State {
    explicit State(asio::io_context& its_io) : io(its_io) {}

    asio::io_context& io;
    std::mutex mutex; // guards what follows
    std::condition_variable idle;
    std::set<grpc::ClientContext*> out;
    bool closed = false;
};

namespace {

using State = AgentCalls::State;

/// One call: gRPC's threads finish it, the coroutine waits for that.
struct Call {
    Call(std::shared_ptr<State> its_calls, Clock::time_point deadline)
        : calls(std::move(its_calls)), changed(std::make_shared<Signal>(calls->io))
    {
        context.set_deadline(std::chrono::system_clock::now() + (deadline - Clock::now()));
        const std::lock_guard lock(calls->mutex);
        if (calls->closed)
            throw Error(Category::Unavailable, "the daemon is stopping");
        calls->out.insert(&context);
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    /// On a thread of gRPC, once. Whoever calls must keep no reference: a channel that goes with the last one
    /// must not do so there, since what waits for gRPC's threads would be one of them.
    static void finish(std::shared_ptr<Call> call, const grpc::Status& its)
    {
        const auto calls = call->calls;
        const std::lock_guard lock(calls->mutex); // until the io_context is no longer needed
        calls->out.erase(&call->context);
        calls->idle.notify_all();
        asio::post(calls->io, [call = std::move(call), its] {
            call->status = its;
            call->changed->notify();
        });
    }

    std::shared_ptr<State> calls;
    std::shared_ptr<Signal> changed;
    grpc::ClientContext context;
    std::optional<grpc::Status> status; // io_context thread
};

/// The agent chooses code and words; neither need be one that there is.
Error errorOf(const grpc::Status& status, const std::string& address)
{
    const int code = status.error_code();
    const bool known = code > 0 && code <= static_cast<int>(Category::Unauthenticated);
    const auto category = known ? static_cast<Category>(code) : Category::Unknown;
    if (category == Category::Unavailable || category == Category::DeadlineExceeded)
        return {category, "the agent on " + address + " does not answer"};
    const std::string words = printable(status.error_message().substr(0, kMaxWords));
    return {category, "the agent says: " + (words.empty() ? std::string(categoryName(category)) : words)};
}

asio::awaitable<void> finished(std::shared_ptr<Call> call, std::string address)
{
    while (!call->status) // its deadline ends the call
        co_await call->changed->waitUntil(Clock::now() + kForever);
    if (call->status->ok())
        co_return;
    throw errorOf(*call->status, address);
}

/// Messages that gRPC has to find where they are until the call is finished.
template <class Request, class Response>
struct Exchange {
    Request request;
    Response response;
};

/// Reads a stream of pieces into one, up to a limit.
class PieceReader final : public grpc::ClientReadReactor<::agent::AttestationResponse> {
public:
    explicit PieceReader(std::shared_ptr<Call> call) : call_(std::move(call)) {}

    void start(::agent::AgentService::Stub& stub, const ::agent::AttestationRequest& request)
    {
        request_ = request;
        stub.async()->Attestation(&call_->context, &request_, this);
        StartRead(&piece_);
        StartCall();
    }
    void OnReadDone(bool ok) override
    {
        if (!ok)
            return;
        if (evidence_.size() + piece_.file().size() > kMaxEvidence) {
            tooLong_ = true;
            call_->context.TryCancel();
        } else {
            evidence_ += piece_.file();
        }
        StartRead(&piece_);
    }
    void OnDone(const grpc::Status& status) override
    {
        const auto its = tooLong_
                             ? grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                            "more evidence than " + std::to_string(kMaxEvidence) + " bytes")
                             : status;
        Call::finish(std::move(call_), its); // which may be what lets the reader go
    }
    [[nodiscard]] const std::string& evidence() const noexcept { return evidence_; }

private:
    std::shared_ptr<Call> call_;
    ::agent::AttestationRequest request_;
    ::agent::AttestationResponse piece_;
    std::string evidence_;
    bool tooLong_ = false;
};

} // namespace

AgentCalls::AgentCalls(asio::io_context& io) : state_(std::make_shared<State>(io)) {}

void AgentCalls::close()
{
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
    for (auto* context : state_->out)
        context->TryCancel();
}

AgentCalls::~AgentCalls()
{
    close();
    std::unique_lock lock(state_->mutex);
    state_->idle.wait(lock, [this] { return state_->out.empty(); });
}

struct AgentSession::Stubs {
    explicit Stubs(const std::shared_ptr<grpc::Channel>& channel)
        : agent(::agent::AgentService::NewStub(channel)), guest(v1::GuestService::NewStub(channel))
    {
    }
    std::unique_ptr<::agent::AgentService::Stub> agent;
    std::unique_ptr<v1::GuestService::Stub> guest;
};

AgentSession::AgentSession(AgentCalls& calls, const std::string& address, Clock::time_point deadline)
    : calls_(calls.state_), address_(address), deadline_(deadline)
{
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kMaxMessage);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1); // none remembers the failures of another
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    stubs_ = std::make_unique<Stubs>(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

AgentSession::~AgentSession() = default;

asio::awaitable<Bytes> AgentSession::attestation(std::uint32_t type, Bytes nonce)
{
    ::agent::AttestationRequest request;
    request.set_type(static_cast<std::int32_t>(type));
    request.set_teenonce(textOf(nonce));
    request.set_vtpmnonce(textOf(nonce));
    const auto call = std::make_shared<Call>(calls_, deadline_);
    const auto reader = std::make_shared<PieceReader>(call);
    reader->start(*stubs_->agent, request);
    co_await finished(call, address_);
    co_return bytesOf(reader->evidence());
}

asio::awaitable<std::vector<plugin::Blob>> AgentSession::endorsement()
{
    auto call = std::make_shared<Call>(calls_, deadline_);
    const auto with = std::make_shared<Exchange<v1::GetEndorsementRequest, v1::GetEndorsementResponse>>();
    stubs_->guest->async()->GetEndorsement(
        &call->context, &with->request, &with->response,
        [call, with](const grpc::Status& status) mutable { Call::finish(std::move(call), status); });
    co_await finished(call, address_);
    const auto& response = with->response;
    if (static_cast<std::size_t>(response.pieces_size()) > kMaxPieces)
        throw Error(Category::ResourceExhausted, "the agent gives too many pieces of evidence");
    std::vector<plugin::Blob> out;
    for (const auto& piece : response.pieces()) {
        if (!isUtf8(piece.kind()) || piece.kind().empty())
            throw InvalidArgument("the agent gives a piece of evidence of no kind");
        out.push_back({piece.kind(), bytesOf(piece.data())});
    }
    co_return out;
}

asio::awaitable<Bytes> AgentSession::answer(Bytes challenge)
{
    auto call = std::make_shared<Call>(calls_, deadline_);
    const auto with = std::make_shared<Exchange<v1::AnswerChallengeRequest, v1::AnswerChallengeResponse>>();
    with->request.set_challenge(textOf(challenge));
    stubs_->guest->async()->AnswerChallenge(
        &call->context, &with->request, &with->response,
        [call, with](const grpc::Status& status) mutable { Call::finish(std::move(call), status); });
    co_await finished(call, address_);
    co_return bytesOf(with->response.answer());
}

} // namespace teehost::agent
