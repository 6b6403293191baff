// SPDX-License-Identifier: Apache-2.0
//
// A daemon for the tests: the real gRPC service on a free loopback port, with answers chosen by the test.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <grpcpp/server.h>
#include <teehost/v1/host.grpc.pb.h>

namespace grpc {
class ServerCredentials;
}

namespace teehost::cli::test {

inline constexpr const char* kFirstId = "3f2a9c10-0000-4000-8000-000000000001";
inline constexpr const char* kSecondId = "3f2b9c10-0000-4000-8000-000000000002";

[[nodiscard]] v1::Vm makeVm(const std::string& id, v1::VmState state = v1::VM_STATE_RUNNING);
[[nodiscard]] v1::Event stateEvent(v1::VmState previous, v1::VmState state, const std::string& message = {});

class FakeHost final : public v1::HostService::Service {
public:
    explicit FakeHost(std::shared_ptr<grpc::ServerCredentials> credentials = nullptr);
    ~FakeHost() override;

    /// "localhost:PORT"
    [[nodiscard]] std::string address() const { return "localhost:" + std::to_string(port_); }

    // What it knows and answers. Set before the program runs.
    std::vector<v1::Vm> vms{makeVm(kFirstId), makeVm(kSecondId, v1::VM_STATE_FAILED)};
    v1::ListBackendsResponse backends;
    v1::GetConfigResponse config;
    v1::Attestation attestation;              ///< what AttestVm answers
    std::vector<v1::Event> events;            ///< what WatchEvents sends before it ends or follows
    std::vector<v1::Event> eventsAfterCreate; ///< sent to a follower once CreateVm was answered
    std::vector<std::string> console;         ///< the chunks of ReadConsole
    grpc::Status failure = grpc::Status::OK;  ///< of every unary call that is not OK
    std::string hint;                         ///< sent along with `failure`
    bool createHangs = false;                 ///< CreateVm answers only when it is cancelled

    // What it was asked.
    [[nodiscard]] v1::CreateVmRequest lastCreate() const;
    [[nodiscard]] v1::WatchEventsRequest lastWatch() const;
    [[nodiscard]] v1::ReadConsoleRequest lastRead() const;
    [[nodiscard]] v1::StopVmRequest lastStop() const;
    [[nodiscard]] v1::ListVmsRequest lastList() const;
    [[nodiscard]] v1::AttestVmRequest lastAttest() const;
    [[nodiscard]] std::vector<v1::RemoveVmRequest> removed() const;
    /// Blocks until a CreateVm was cancelled; false when that takes too long.
    [[nodiscard]] bool createWasCancelled();

private:
    grpc::Status CreateVm(grpc::ServerContext*, const v1::CreateVmRequest*, v1::CreateVmResponse*) override;
    grpc::Status GetVm(grpc::ServerContext*, const v1::GetVmRequest*, v1::Vm*) override;
    grpc::Status ListVms(grpc::ServerContext*, const v1::ListVmsRequest*, v1::ListVmsResponse*) override;
    grpc::Status StopVm(grpc::ServerContext*, const v1::StopVmRequest*, v1::Vm*) override;
    grpc::Status AttestVm(grpc::ServerContext*, const v1::AttestVmRequest*, v1::Attestation*) override;
    grpc::Status RemoveVm(grpc::ServerContext*, const v1::RemoveVmRequest*, v1::RemoveVmResponse*) override;
    grpc::Status WatchEvents(grpc::ServerContext*, const v1::WatchEventsRequest*,
                             grpc::ServerWriter<v1::Event>*) override;
    grpc::Status ReadConsole(grpc::ServerContext*, const v1::ReadConsoleRequest*,
                             grpc::ServerWriter<v1::ConsoleChunk>*) override;
    grpc::Status ListBackends(grpc::ServerContext*, const v1::ListBackendsRequest*,
                              v1::ListBackendsResponse*) override;
    grpc::Status GetConfig(grpc::ServerContext*, const v1::GetConfigRequest*,
                           v1::GetConfigResponse*) override;

    grpc::Status answer(grpc::ServerContext* context);
    grpc::Status find(const std::string& id, v1::Vm* vm) const;
    void follow(grpc::ServerContext* context, grpc::ServerWriter<v1::Event>* writer);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    v1::CreateVmRequest lastCreate_; // these are guarded by mutex_
    v1::WatchEventsRequest lastWatch_;
    v1::ReadConsoleRequest lastRead_;
    v1::StopVmRequest lastStop_;
    v1::ListVmsRequest lastList_;
    v1::AttestVmRequest lastAttest_;
    std::vector<v1::RemoveVmRequest> removed_;
    bool asked_ = false; // CreateVm arrived
    bool watched_ = false;
    bool created_ = false;
    bool cancelled_ = false;
    int port_ = 0;
    std::unique_ptr<grpc::Server> server_;
};

} // namespace teehost::cli::test
