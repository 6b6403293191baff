// SPDX-License-Identifier: Apache-2.0
#include "host/api/host_service.h"

#include <algorithm>

#include "host/api/convert.h"
#include "host/api/create_call.h"
#include "host/api/reactors.h"
#include "host/api/streams.h"
#include "host/base/error.h"
#include "host/base/text.h"
#include "host/settings/listing.h"

namespace teehost::api {
namespace {

bool carries(const std::map<std::string, std::string>& labels,
             const google::protobuf::Map<std::string, std::string>& wanted)
{
    return std::all_of(wanted.begin(), wanted.end(), [&](const auto& pair) {
        const auto it = labels.find(pair.first);
        return it != labels.end() && it->second == pair.second;
    });
}

asio::awaitable<void> stopVm(vm::Supervisor& supervisor, v1::StopVmRequest request, v1::Vm* response)
{
    const auto id = requireId(request.id(), "id");
    vm::StopRequest stop{.reason = "stopped by a client", .force = request.force()};
    if (request.has_grace()) {
        stop.grace = fromProto(request.grace(), "grace");
        if (const auto limit = supervisor.settings().duration("vm.max_stop_grace"); *stop.grace > limit)
            throw InvalidArgument("is longer than " + formatDuration(limit), "grace",
                                  "the operator sets the limit with vm.max_stop_grace");
    }
    const auto view = co_await supervisor.stop(id, stop);
    toProto(view, supervisor, *response);
}

asio::awaitable<void> removeVm(vm::Supervisor& supervisor, v1::RemoveVmRequest request)
{
    const auto id = requireId(request.id(), "id");
    vm::StopRequest stop{.reason = "removed by a client", .force = request.force()};
    co_await supervisor.remove(id, stop);
}

asio::awaitable<void> listOrphans(vm::Supervisor& supervisor, v1::ListOrphansResponse* response)
{
    const auto orphans = co_await supervisor.orphans();
    for (const auto& orphan : orphans) {
        auto& out = *response->add_orphans();
        out.set_vm_id(orphan.seen.vm.text());
        out.set_pid(orphan.seen.pid);
        out.set_owner(orphan.seen.owner.text());
        out.set_owned(orphan.owned);
        out.set_adoptable(orphan.adoptable);
    }
    response->set_owner(supervisor.facts().owner.text());
}

asio::awaitable<void> adoptOrphan(vm::Supervisor& supervisor, std::string text, v1::Vm* response)
{
    const auto id = requireId(text, "vm_id");
    const auto view = co_await supervisor.adoptOrphan(id);
    toProto(view, supervisor, *response);
}

asio::awaitable<void> endOrphan(vm::Supervisor& supervisor, std::string text)
{
    const auto id = requireId(text, "vm_id");
    co_await supervisor.endOrphan(id);
}

asio::awaitable<void> attestVm(appraisal::Attestor& attestor, v1::AttestVmRequest request,
                               v1::Attestation* response)
{
    const auto id = requireId(request.id(), "id");
    const plugin::Bytes nonce(request.nonce().begin(), request.nonce().end());
    const vm::Verdict verdict = co_await attestor.attest(id, nonce);
    toProto(verdict, *response);
}

} // namespace

grpc::ServerUnaryReactor* HostService::CreateVm(grpc::CallbackServerContext*,
                                                const v1::CreateVmRequest* request,
                                                v1::CreateVmResponse* response)
{
    const auto copy = std::make_shared<v1::CreateVmRequest>(*request);
    return createVm(
        supervisor_, log_, [copy] { return fromProto(std::move(*copy)); },
        [this, response](const vm::VmView& view) { toProto(view, supervisor_, *response->mutable_vm()); });
}

grpc::ServerUnaryReactor* HostService::GetVm(grpc::CallbackServerContext* context,
                                             const v1::GetVmRequest* request, v1::Vm* response)
{
    return answerOn(supervisor_.io(), log_, context, [this, request, response] {
        toProto(supervisor_.get(requireId(request->id(), "id").text()), supervisor_, *response);
    });
}

grpc::ServerUnaryReactor* HostService::ListVms(grpc::CallbackServerContext* context,
                                               const v1::ListVmsRequest* request,
                                               v1::ListVmsResponse* response)
{
    return answerOn(supervisor_.io(), log_, context, [this, request, response] {
        for (const auto& view : supervisor_.list())
            if ((request->include_ended() || !vm::isEnded(view.state)) &&
                carries(view.spec.labels, request->labels()))
                toProto(view, supervisor_, *response->add_vms());
    });
}

grpc::ServerUnaryReactor* HostService::StopVm(grpc::CallbackServerContext* context,
                                              const v1::StopVmRequest* request, v1::Vm* response)
{
    auto* supervisor = &supervisor_;
    const v1::StopVmRequest copy = *request;
    return answerLater(supervisor_.io(), log_, context,
                       [supervisor, copy, response]() { return stopVm(*supervisor, copy, response); });
}

grpc::ServerUnaryReactor* HostService::RemoveVm(grpc::CallbackServerContext* context,
                                                const v1::RemoveVmRequest* request, v1::RemoveVmResponse*)
{
    auto* supervisor = &supervisor_;
    const v1::RemoveVmRequest copy = *request;
    return answerLater(supervisor_.io(), log_, context,
                       [supervisor, copy]() { return removeVm(*supervisor, copy); });
}

grpc::ServerUnaryReactor* HostService::AttestVm(grpc::CallbackServerContext* context,
                                                const v1::AttestVmRequest* request, v1::Attestation* response)
{
    auto* attestor = &attestor_;
    const v1::AttestVmRequest copy = *request;
    return answerLater(supervisor_.io(), log_, context,
                       [attestor, copy, response]() { return attestVm(*attestor, copy, response); });
}

grpc::ServerUnaryReactor* HostService::ListOrphans(grpc::CallbackServerContext* context,
                                                   const v1::ListOrphansRequest*,
                                                   v1::ListOrphansResponse* response)
{
    auto* supervisor = &supervisor_;
    return answerLater(supervisor_.io(), log_, context,
                       [supervisor, response]() { return listOrphans(*supervisor, response); });
}

grpc::ServerUnaryReactor* HostService::AdoptOrphan(grpc::CallbackServerContext* context,
                                                   const v1::AdoptOrphanRequest* request, v1::Vm* response)
{
    auto* supervisor = &supervisor_;
    return answerLater(supervisor_.io(), log_, context, [supervisor, id = request->vm_id(), response]() {
        return adoptOrphan(*supervisor, id, response);
    });
}

grpc::ServerUnaryReactor* HostService::EndOrphan(grpc::CallbackServerContext* context,
                                                 const v1::EndOrphanRequest* request, v1::EndOrphanResponse*)
{
    auto* supervisor = &supervisor_;
    return answerLater(supervisor_.io(), log_, context,
                       [supervisor, id = request->vm_id()]() { return endOrphan(*supervisor, id); });
}

grpc::ServerWriteReactor<v1::Event>* HostService::WatchEvents(grpc::CallbackServerContext*,
                                                              const v1::WatchEventsRequest* request)
{
    return watchEvents(supervisor_, log_, *request);
}

grpc::ServerWriteReactor<v1::ConsoleChunk>* HostService::ReadConsole(grpc::CallbackServerContext*,
                                                                     const v1::ReadConsoleRequest* request)
{
    return readConsole(supervisor_, log_, *request);
}

grpc::ServerUnaryReactor* HostService::ListBackends(grpc::CallbackServerContext* context,
                                                    const v1::ListBackendsRequest*,
                                                    v1::ListBackendsResponse* response)
{
    return answerLater(supervisor_.io(), log_, context, [this, response]() -> asio::awaitable<void> {
        const auto* decisions = co_await supervisor_.decisions(Clock::now() + kProbePatience);
        if (decisions == nullptr)
            throw Error(Category::Unavailable, "the host is still being probed",
                        "ask again; GET /ready says what is pending");
        for (const auto& plugin : description_.plugins.plugins) {
            const auto& info = plugin->info();
            const auto& probed = decisions->probes.at(info.id);
            auto& out = *response->add_backends();
            out.set_id(info.id);
            out.set_version(info.version);
            out.set_vendor(info.vendor);
            out.set_license(info.license);
            out.set_summary(info.summary);
            out.set_is_backend(info.backend);
            out.set_is_attester(info.attester);
            out.set_confidential(info.confidential);
            out.set_needs_kvm(info.needsKvm);
            out.set_usable(probed.usable);
            out.set_selected(info.id == decisions->backend);
            out.set_path(info.path);
            for (const auto& check : probed.checks) {
                auto& to = *out.add_checks();
                to.set_id(check.id);
                to.set_title(check.title);
                to.set_verdict(lowerCase(verdictName(check.verdict)));
                to.set_message(check.message);
                to.set_remedy(check.hint);
            }
            if (!probed.failure.empty()) {
                auto& to = *out.add_checks();
                to.set_id("host.create");
                to.set_title("the plugin starts");
                to.set_verdict("fail");
                to.set_message(probed.failure);
            }
        }
        for (const auto& refusal : description_.plugins.refused) {
            auto& out = *response->add_refused();
            out.set_path(refusal.path);
            out.set_reason(refusal.reason);
        }
    });
}

grpc::ServerUnaryReactor* HostService::GetConfig(grpc::CallbackServerContext* context,
                                                 const v1::GetConfigRequest*, v1::GetConfigResponse* response)
{
    return answerOn(supervisor_.io(), log_, context, [this, response] {
        const auto& settings = supervisor_.settings();
        for (const auto& spec : settings.table().all()) {
            const auto* effective = settings.find(spec.key);
            auto& out = *response->add_options();
            out.set_key(spec.key);
            out.set_value(settings::shownValue(spec, effective));
            out.set_source(effective == nullptr ? "unset" : effective->source);
            out.set_help(spec.help);
            out.set_type(std::string(settings::typeName(spec.type)));
        }
        response->set_daemon_version(description_.version);
        response->set_instance_id(description_.instanceId);
    });
}

} // namespace teehost::api
