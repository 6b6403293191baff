// SPDX-License-Identifier: Apache-2.0
#include "support/client.h"

#include <cppunit/Asserter.h>
#include <cppunit/SourceLine.h>

#include "health.grpc.pb.h"

namespace teehost::test {
namespace {

CppUnit::SourceLine lineOf(const std::source_location& where)
{
    return {where.file_name(), static_cast<int>(where.line())};
}

std::string text(const grpc::Status& status)
{
    return "status " + std::to_string(status.error_code()) + ": " + status.error_message();
}

bool isEnded(v1::VmState state) { return state == v1::VM_STATE_STOPPED || state == v1::VM_STATE_FAILED; }

} // namespace

void requireOk(const grpc::Status& status, std::source_location where)
{
    if (!status.ok())
        CppUnit::Asserter::fail(text(status), lineOf(where));
}

void requireStatus(const grpc::Status& status, grpc::StatusCode code, const std::string& words,
                   std::source_location where)
{
    if (status.error_code() != code || status.error_message().find(words) == std::string::npos)
        CppUnit::Asserter::fail(text(status) + "; expected status " + std::to_string(code) + " with \"" +
                                    words + "\"",
                                lineOf(where));
}

Client::Client(const std::string& address, std::shared_ptr<grpc::ChannelCredentials> credentials)
{
    grpc::ChannelArguments arguments;
    // A channel of its own: gRPC would share one between clients of the same address, and with it the
    // failures of a daemon that a test has ended.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxReceiveMessageSize(-1);
    const auto channel = grpc::CreateCustomChannel(address, credentials, arguments);
    manager_ = manager::ManagerService::NewStub(channel);
    host_ = v1::HostService::NewStub(channel);
}

v1::Vm Client::createVm(const v1::CreateVmRequest& request, std::source_location where)
{
    return ask(&Host::CreateVm, request, where).vm();
}

v1::Vm Client::getVm(const std::string& id, std::source_location where)
{
    v1::GetVmRequest request;
    request.set_id(id);
    return ask(&Host::GetVm, request, where);
}

v1::Vm Client::stopVm(const std::string& id, std::source_location where)
{
    v1::StopVmRequest request;
    request.set_id(id);
    return ask(&Host::StopVm, request, where);
}

void Client::removeVm(const std::string& id, bool force, std::source_location where)
{
    v1::RemoveVmRequest request;
    request.set_id(id);
    request.set_force(force);
    ask(&Host::RemoveVm, request, where);
}

std::vector<v1::Vm> Client::listVms(bool includeEnded)
{
    v1::ListVmsRequest request;
    request.set_include_ended(includeEnded);
    const auto response = ask(&Host::ListVms, request);
    return {response.vms().begin(), response.vms().end()};
}

std::vector<v1::Event> Client::events(const std::string& vm)
{
    v1::WatchEventsRequest request;
    request.set_vm_id(vm);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    const auto reader = host_->WatchEvents(&context, request);
    std::vector<v1::Event> events;
    for (v1::Event event; reader->Read(&event);)
        events.push_back(event);
    requireOk(reader->Finish());
    return events;
}

std::string Client::console(const std::string& vm, std::uint64_t offset)
{
    v1::ReadConsoleRequest request;
    request.set_vm_id(vm);
    request.set_offset(offset);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    const auto reader = host_->ReadConsole(&context, request);
    std::string text;
    for (v1::ConsoleChunk chunk; reader->Read(&chunk);)
        text += chunk.data();
    requireOk(reader->Finish());
    return text;
}

v1::Vm Client::waitForState(const std::string& id, v1::VmState state, std::source_location where)
{
    v1::Vm vm;
    waitUntil("VM " + id + " is " + v1::VmState_Name(state), [&] {
        vm = getVm(id, where);
        if (vm.state() != state && isEnded(vm.state()))
            CppUnit::Asserter::fail("the VM is " + v1::VmState_Name(vm.state()) + ": " + vm.cause() +
                                        "; expected " + v1::VmState_Name(state),
                                    lineOf(where));
        return vm.state() == state;
    });
    return vm;
}

bool isHealthy(const std::string& address, const std::string& service)
{
    const auto stub =
        grpc::health::v1::Health::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    context.set_wait_for_ready(true); // a VM may run before its agent has opened its port
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    grpc::health::v1::HealthCheckResponse response;
    return stub->Check(&context, request, &response).ok() &&
           response.status() == grpc::health::v1::HealthCheckResponse::SERVING;
}

} // namespace teehost::test
