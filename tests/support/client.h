// SPDX-License-Identifier: Apache-2.0
//
// A gRPC client of the daemon, with assertions about its answers.
#pragma once

#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "manager.grpc.pb.h"
#include "support/wait.h"
#include "teehost/v1/host.grpc.pb.h"

namespace teehost::test {

template <class Response>
struct Answer {
    grpc::Status status;
    Response body;
};

/// Fails the test unless the status is OK.
void requireOk(const grpc::Status& status, std::source_location where = std::source_location::current());
/// Fails the test unless the code is that one and the sentence contains `words`.
void requireStatus(const grpc::Status& status, grpc::StatusCode code, const std::string& words,
                   std::source_location where = std::source_location::current());

class Client {
public:
    explicit Client(const std::string& address, std::shared_ptr<grpc::ChannelCredentials> credentials =
                                                    grpc::InsecureChannelCredentials());

    /// One unary call: client.call(&Manager::CVMInfo, request).
    template <class Service, class Request, class Response>
    Answer<Response> call(grpc::Status (Service::*method)(grpc::ClientContext*, const Request&, Response*),
                          const Request& request, std::chrono::milliseconds limit = kPatience)
    {
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + limit);
        Answer<Response> answer;
        answer.status = (stub<Service>().*method)(&context, request, &answer.body);
        return answer;
    }

    /// The same for a call that must succeed.
    template <class Service, class Request, class Response>
    Response ask(grpc::Status (Service::*method)(grpc::ClientContext*, const Request&, Response*),
                 const Request& request, std::source_location where = std::source_location::current())
    {
        auto answer = call(method, request);
        requireOk(answer.status, where);
        return answer.body;
    }

    // What most tests need; each fails the test when the daemon refuses.
    v1::Vm createVm(const v1::CreateVmRequest& request = {},
                    std::source_location where = std::source_location::current());
    v1::Vm getVm(const std::string& id, std::source_location where = std::source_location::current());
    v1::Vm stopVm(const std::string& id, std::source_location where = std::source_location::current());
    /// By force unless said otherwise: most tests are not about how a guest powers off.
    void removeVm(const std::string& id, bool force = true,
                  std::source_location where = std::source_location::current());
    std::vector<v1::Vm> listVms(bool includeEnded = false);
    std::vector<v1::Event> events(const std::string& vm = {});
    std::string console(const std::string& vm, std::uint64_t offset = 0);

    /// Waits until the VM is in that state; fails the test when it ends in another one.
    v1::Vm waitForState(const std::string& id, v1::VmState state,
                        std::source_location where = std::source_location::current());

    v1::HostService::Stub& host() noexcept { return *host_; }

private:
    template <class Service>
    Service& stub()
    {
        if constexpr (std::is_same_v<Service, manager::ManagerService::Stub>)
            return *manager_;
        else
            return *host_;
    }

    std::unique_ptr<manager::ManagerService::Stub> manager_;
    std::unique_ptr<v1::HostService::Stub> host_;
};

using Manager = manager::ManagerService::Stub;
using Host = v1::HostService::Stub;

/// Whether grpc.health.v1.Health at that address says SERVING, as the agent of the reference guest does.
/// `service` is the name that is asked for; empty: the server as a whole.
[[nodiscard]] bool isHealthy(const std::string& address, const std::string& service = {});

} // namespace teehost::test
