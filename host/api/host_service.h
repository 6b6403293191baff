// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "teehost/v1/host.grpc.pb.h"

#include "host/appraisal/attestor.h"
#include "host/base/log.h"
#include "host/vm/backend_choice.h"
#include "host/vm/supervisor.h"

namespace teehost::api {

/// The facts that ListBackends and GetConfig tell beside the settings.
struct HostDescription {
    const plugin::Loaded& plugins;
    std::string version;
    std::string instanceId;
};

/// teehost.v1.HostService.
class HostService final : public v1::HostService::CallbackService {
public:
    HostService(vm::Supervisor& supervisor, appraisal::Attestor& attestor, HostDescription description,
                const Log& log)
        : supervisor_(supervisor), attestor_(attestor), description_(std::move(description)), log_(log)
    {
    }

    grpc::ServerUnaryReactor* CreateVm(grpc::CallbackServerContext* context,
                                       const v1::CreateVmRequest* request,
                                       v1::CreateVmResponse* response) override;
    grpc::ServerUnaryReactor* GetVm(grpc::CallbackServerContext* context, const v1::GetVmRequest* request,
                                    v1::Vm* response) override;
    grpc::ServerUnaryReactor* ListVms(grpc::CallbackServerContext* context, const v1::ListVmsRequest* request,
                                      v1::ListVmsResponse* response) override;
    grpc::ServerUnaryReactor* StopVm(grpc::CallbackServerContext* context, const v1::StopVmRequest* request,
                                     v1::Vm* response) override;
    grpc::ServerUnaryReactor* RemoveVm(grpc::CallbackServerContext* context,
                                       const v1::RemoveVmRequest* request,
                                       v1::RemoveVmResponse* response) override;
    grpc::ServerUnaryReactor* AttestVm(grpc::CallbackServerContext* context,
                                       const v1::AttestVmRequest* request,
                                       v1::Attestation* response) override;
    grpc::ServerUnaryReactor* ListOrphans(grpc::CallbackServerContext* context,
                                          const v1::ListOrphansRequest* request,
                                          v1::ListOrphansResponse* response) override;
    grpc::ServerUnaryReactor* AdoptOrphan(grpc::CallbackServerContext* context,
                                          const v1::AdoptOrphanRequest* request, v1::Vm* response) override;
    grpc::ServerUnaryReactor* EndOrphan(grpc::CallbackServerContext* context,
                                        const v1::EndOrphanRequest* request,
                                        v1::EndOrphanResponse* response) override;
    grpc::ServerWriteReactor<v1::Event>* WatchEvents(grpc::CallbackServerContext* context,
                                                     const v1::WatchEventsRequest* request) override;
    grpc::ServerWriteReactor<v1::ConsoleChunk>* ReadConsole(grpc::CallbackServerContext* context,
                                                            const v1::ReadConsoleRequest* request) override;
    grpc::ServerUnaryReactor* ListBackends(grpc::CallbackServerContext* context,
                                           const v1::ListBackendsRequest* request,
                                           v1::ListBackendsResponse* response) override;
    grpc::ServerUnaryReactor* GetConfig(grpc::CallbackServerContext* context,
                                        const v1::GetConfigRequest* request,
                                        v1::GetConfigResponse* response) override;

private:
    vm::Supervisor& supervisor_;
    appraisal::Attestor& attestor_;
    HostDescription description_;
    const Log& log_;
};

} // namespace teehost::api
