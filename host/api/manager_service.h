// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "manager.grpc.pb.h"

#include "host/base/log.h"
#include "host/vm/supervisor.h"

namespace teehost::api {

/// manager.ManagerService, for the clients of the Cocos Manager.
class ManagerService final : public manager::ManagerService::CallbackService {
public:
    ManagerService(vm::Supervisor& supervisor, const Log& log) : supervisor_(supervisor), log_(log) {}

    grpc::ServerUnaryReactor* CreateVm(grpc::CallbackServerContext* context,
                                       const manager::CreateReq* request,
                                       manager::CreateRes* response) override;
    grpc::ServerUnaryReactor* RemoveVm(grpc::CallbackServerContext* context,
                                       const manager::RemoveReq* request,
                                       google::protobuf::Empty* response) override;
    grpc::ServerUnaryReactor* CVMInfo(grpc::CallbackServerContext* context,
                                      const manager::CVMInfoReq* request,
                                      manager::CVMInfoRes* response) override;
    grpc::ServerUnaryReactor* AttestationPolicy(grpc::CallbackServerContext* context,
                                                const manager::AttestationPolicyReq* request,
                                                manager::AttestationPolicyRes* response) override;

private:
    vm::Supervisor& supervisor_;
    const Log& log_;
};

} // namespace teehost::api
