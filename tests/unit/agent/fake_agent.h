// SPDX-License-Identifier: Apache-2.0
//
// An agent for the tests: the real gRPC services on a free loopback port, with answers chosen by the test.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>

#include "agent.grpc.pb.h"
#include "teehost/v1/guest.grpc.pb.h"

namespace teehost::agent::test {

/// Counts what happens on gRPC's threads; waits with a limit.
class Count {
public:
    void add();
    /// False when it takes too long.
    [[nodiscard]] bool reaches(unsigned number);
    [[nodiscard]] unsigned now() const;

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    unsigned number_ = 0; // guarded by mutex_
};

/// A free port of 127.0.0.1 that is taken, and where nobody accepts: connections are refused, or with Mute
/// begin and get no answer.
class DeadPort {
public:
    enum class Kind { Closed, Mute };
    explicit DeadPort(Kind kind);
    ~DeadPort();
    DeadPort(const DeadPort&) = delete;
    DeadPort& operator=(const DeadPort&) = delete;
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

private:
    int fd_ = -1;
    unsigned port_ = 0;
};

enum class Knows { Evidence, EvidenceAndChallenges };

class FakeAgent {
public:
    explicit FakeAgent(Knows knows = Knows::EvidenceAndChallenges);
    ~FakeAgent();
    FakeAgent(const FakeAgent&) = delete;
    FakeAgent& operator=(const FakeAgent&) = delete;

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

    using Pieces = grpc::ServerWriter<::agent::AttestationResponse>;
    using Challenge = v1::AnswerChallengeRequest;
    // What it answers; set before it is asked. Called on threads of gRPC, several at once.
    std::function<grpc::Status(grpc::ServerContext&, const ::agent::AttestationRequest&, Pieces&)>
        attestation;
    std::function<grpc::Status(grpc::ServerContext&, v1::GetEndorsementResponse&)> endorsement;
    std::function<grpc::Status(grpc::ServerContext&, const Challenge&, v1::AnswerChallengeResponse&)> answer;

    /// Blocks a call until its client has given it up.
    grpc::Status hang(grpc::ServerContext& context);
    Count hanging, cancelled; ///< calls in hang(), and how many of them ended

private:
    struct Services;
    std::unique_ptr<Services> services_;
    int port_ = 0;
    std::unique_ptr<grpc::Server> server_;
};

/// Answers every method with these bytes, which need not be a message, and OK.
class GarbledAgent {
public:
    explicit GarbledAgent(std::string bytes);
    ~GarbledAgent();
    GarbledAgent(const GarbledAgent&) = delete;
    GarbledAgent& operator=(const GarbledAgent&) = delete;
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

private:
    std::unique_ptr<grpc::CallbackGenericService> service_;
    int port_ = 0;
    std::unique_ptr<grpc::Server> server_;
};

/// Sends one piece of evidence; false when the client does not want it any more.
bool send(FakeAgent::Pieces& pieces, const std::string& bytes);

} // namespace teehost::agent::test
