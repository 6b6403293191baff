// SPDX-License-Identifier: Apache-2.0
#include "host/api/manager_service.h"

#include "host/api/convert.h"
#include "host/api/create_call.h"
#include "host/api/reactors.h"
#include "host/base/error.h"

namespace teehost::api {
namespace {

/// A VM that has ended by itself is removed as well: services that clean up take an error for a VM that is
/// left.
asio::awaitable<void> removeVm(vm::Supervisor& supervisor, std::string text)
{
    const auto id = requireId(text, "cvm_id");
    vm::StopRequest request{.reason = "removed by a client"};
    co_await supervisor.remove(id, request);
}

} // namespace

grpc::ServerUnaryReactor* ManagerService::CreateVm(grpc::CallbackServerContext*,
                                                   const manager::CreateReq* request,
                                                   manager::CreateRes* response)
{
    const auto copy = std::make_shared<manager::CreateReq>(*request);
    return createVm(
        supervisor_, log_, [copy] { return fromProto(std::move(*copy)); },
        [response](const vm::VmView& view) {
            response->set_forwarded_port(std::to_string(view.agentPort));
            response->set_cvm_id(view.spec.id.text());
        });
}

grpc::ServerUnaryReactor* ManagerService::RemoveVm(grpc::CallbackServerContext* context,
                                                   const manager::RemoveReq* request,
                                                   google::protobuf::Empty*)
{
    auto* supervisor = &supervisor_;
    return answerLater(supervisor_.io(), log_, context,
                       [supervisor, id = request->cvm_id()]() { return removeVm(*supervisor, id); });
}

grpc::ServerUnaryReactor* ManagerService::CVMInfo(grpc::CallbackServerContext* context,
                                                  const manager::CVMInfoReq* request,
                                                  manager::CVMInfoRes* response)
{
    return answerLater(supervisor_.io(), log_, context, [this, request, response]() -> asio::awaitable<void> {
        const auto& settings = supervisor_.settings();
        response->set_id(request->id());
        co_await supervisor_.decisions(Clock::now() + kProbePatience);
        response->set_ovmf_version(supervisor_.firmwareVersion());
        response->set_eos_version(supervisor_.facts().eosVersion);
        response->set_cpu_type(settings.text("qemu.cpu"));
        response->set_cpu_num(static_cast<std::int32_t>(settings.number("qemu.smp.count")));
        response->set_kernel_cmd(settings.text("qemu.kernel.cmdline"));
        if (request->id().empty())
            co_return;
        const auto view = supervisor_.get(request->id());
        response->set_cpu_num(static_cast<std::int32_t>(view.spec.vcpus));
        response->set_kernel_cmd(view.spec.cmdline);
        if (!view.cpuModel.empty())
            response->set_cpu_type(view.cpuModel);
    });
}

grpc::ServerUnaryReactor* ManagerService::AttestationPolicy(grpc::CallbackServerContext* context,
                                                            const manager::AttestationPolicyReq* request,
                                                            manager::AttestationPolicyRes*)
{
    return answerOn(supervisor_.io(), log_, context, [this, request] {
        static_cast<void>(supervisor_.get(requireId(request->id(), "id").text())); // NOT_FOUND first
        throw Error(Category::Unimplemented, "this daemon hands out no attestation policies yet",
                    "compute a VM's reference values with teehost measure");
    });
}

} // namespace teehost::api
