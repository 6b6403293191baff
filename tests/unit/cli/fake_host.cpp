// SPDX-License-Identifier: Apache-2.0
#include "fake_host.h"

#include <chrono>
#include <stdexcept>
#include <utility>

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>

#include "cli/client/status.h"

namespace teehost::cli::test {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr auto kPatience = 20s;
constexpr auto kPoll = 5ms;

} // namespace

v1::Vm makeVm(const std::string& id, v1::VmState state)
{
    v1::Vm vm;
    vm.set_id(id);
    vm.set_state(state);
    vm.set_backend("plain-kvm");
    vm.set_accel("tcg");
    vm.set_vcpus(2);
    vm.set_memory_bytes(1536ull << 20);
    vm.set_agent_address("localhost:6100");
    vm.set_agent_port(6100);
    vm.mutable_created()->set_seconds(1'700'000'000);
    (*vm.mutable_labels())["team"] = "blue";
    return vm;
}

v1::Event stateEvent(v1::VmState previous, v1::VmState state, const std::string& message)
{
    v1::Event event;
    event.set_seq(static_cast<std::uint64_t>(state) + 10);
    event.mutable_at()->set_seconds(1'700'000'000);
    event.mutable_at()->set_nanos(42'000'000);
    event.set_vm_id(kFirstId);
    event.set_kind("state");
    event.set_previous(previous);
    event.set_state(state);
    event.set_message(message);
    return event;
}

FakeHost::FakeHost(std::shared_ptr<grpc::ServerCredentials> credentials)
{
    grpc::ServerBuilder builder;
    builder.AddListeningPort("localhost:0", credentials ? credentials : grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    if (!server_)
        throw std::runtime_error("the fake daemon cannot listen");
}

FakeHost::~FakeHost() { server_->Shutdown(std::chrono::system_clock::now() + 1s); }

grpc::Status FakeHost::answer(grpc::ServerContext* context)
{
    if (!failure.ok() && !hint.empty())
        context->AddTrailingMetadata(std::string(kHintMetadata), hint);
    return failure;
}

grpc::Status FakeHost::find(const std::string& id, v1::Vm* vm) const
{
    for (const auto& known : vms)
        if (known.id() == id) {
            *vm = known;
            return grpc::Status::OK;
        }
    return {grpc::StatusCode::NOT_FOUND, "there is no VM " + id};
}

grpc::Status FakeHost::CreateVm(grpc::ServerContext* context, const v1::CreateVmRequest* request,
                                v1::CreateVmResponse* response)
{
    std::unique_lock lock(mutex_);
    lastCreate_ = *request;
    asked_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, kPatience, [this] { return watched_; }); // the order a person would see
    while (createHangs && !context->IsCancelled())
        changed_.wait_for(lock, kPoll);
    cancelled_ = context->IsCancelled();
    created_ = failure.ok();
    changed_.notify_all();
    *response->mutable_vm() = vms.front();
    response->mutable_vm()->set_state(v1::VM_STATE_BOOTING);
    return answer(context);
}

grpc::Status FakeHost::GetVm(grpc::ServerContext* context, const v1::GetVmRequest* request, v1::Vm* vm)
{
    return failure.ok() ? find(request->id(), vm) : answer(context);
}

grpc::Status FakeHost::ListVms(grpc::ServerContext* context, const v1::ListVmsRequest* request,
                               v1::ListVmsResponse* response)
{
    const std::lock_guard lock(mutex_);
    lastList_ = *request;
    for (const auto& vm : vms)
        if (request->include_ended() || vm.state() != v1::VM_STATE_FAILED)
            *response->add_vms() = vm;
    return answer(context);
}

grpc::Status FakeHost::StopVm(grpc::ServerContext* context, const v1::StopVmRequest* request, v1::Vm* vm)
{
    const std::lock_guard lock(mutex_);
    lastStop_ = *request;
    const grpc::Status found = find(request->id(), vm);
    vm->set_state(v1::VM_STATE_STOPPED);
    return found.ok() ? answer(context) : found;
}

grpc::Status FakeHost::AttestVm(grpc::ServerContext* context, const v1::AttestVmRequest* request,
                                v1::Attestation* response)
{
    const std::lock_guard lock(mutex_);
    lastAttest_ = *request;
    *response = attestation;
    return answer(context);
}

grpc::Status FakeHost::RemoveVm(grpc::ServerContext* context, const v1::RemoveVmRequest* request,
                                v1::RemoveVmResponse*)
{
    const std::lock_guard lock(mutex_);
    v1::Vm vm;
    if (const auto found = find(request->id(), &vm); !found.ok())
        return found;
    removed_.push_back(*request);
    return answer(context);
}

grpc::Status FakeHost::WatchEvents(grpc::ServerContext* context, const v1::WatchEventsRequest* request,
                                   grpc::ServerWriter<v1::Event>* writer)
{
    if (createHangs) { // who cancels after these events cancels a create that was seen here
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, kPatience, [this] { return asked_; });
    }
    for (const auto& event : events)
        writer->Write(event);
    {
        const std::lock_guard lock(mutex_);
        lastWatch_ = *request;
        watched_ = true;
        changed_.notify_all();
    }
    if (request->follow())
        follow(context, writer);
    return grpc::Status::OK;
}

void FakeHost::follow(grpc::ServerContext* context, grpc::ServerWriter<v1::Event>* writer)
{
    bool sent = false;
    std::unique_lock lock(mutex_);
    while (!context->IsCancelled()) {
        changed_.wait_for(lock, kPoll);
        if (created_ && !std::exchange(sent, created_))
            for (const auto& event : eventsAfterCreate)
                writer->Write(event);
    }
}

grpc::Status FakeHost::ReadConsole(grpc::ServerContext* context, const v1::ReadConsoleRequest* request,
                                   grpc::ServerWriter<v1::ConsoleChunk>* writer)
{
    {
        const std::lock_guard lock(mutex_);
        lastRead_ = *request;
    }
    std::uint64_t offset = 0;
    for (const auto& data : console) {
        v1::ConsoleChunk chunk;
        chunk.set_offset(offset);
        chunk.set_data(data);
        offset += data.size();
        writer->Write(chunk);
    }
    return answer(context);
}

grpc::Status FakeHost::ListBackends(grpc::ServerContext* context, const v1::ListBackendsRequest*,
                                    v1::ListBackendsResponse* response)
{
    *response = backends;
    return answer(context);
}

grpc::Status FakeHost::GetConfig(grpc::ServerContext* context, const v1::GetConfigRequest*,
                                 v1::GetConfigResponse* response)
{
    *response = config;
    return answer(context);
}

v1::CreateVmRequest FakeHost::lastCreate() const
{
    const std::lock_guard lock(mutex_);
    return lastCreate_;
}

v1::WatchEventsRequest FakeHost::lastWatch() const
{
    const std::lock_guard lock(mutex_);
    return lastWatch_;
}

v1::ReadConsoleRequest FakeHost::lastRead() const
{
    const std::lock_guard lock(mutex_);
    return lastRead_;
}

v1::StopVmRequest FakeHost::lastStop() const
{
    const std::lock_guard lock(mutex_);
    return lastStop_;
}

v1::ListVmsRequest FakeHost::lastList() const
{
    const std::lock_guard lock(mutex_);
    return lastList_;
}

v1::AttestVmRequest FakeHost::lastAttest() const
{
    const std::lock_guard lock(mutex_);
    return lastAttest_;
}

std::vector<v1::RemoveVmRequest> FakeHost::removed() const
{
    const std::lock_guard lock(mutex_);
    return removed_;
}

bool FakeHost::createWasCancelled()
{
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [this] { return cancelled_; });
}

} // namespace teehost::cli::test
