// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "host/api/reactors.h"
#include "host/vm/supervisor.h"

namespace teehost::api {

/// The CreateVm of either API: validates and launches on the io_context; gives the launch up, and has it
/// undone, when the client cancels, when its deadline passes, or after grpc.timeout. `respond` fills the
/// response on the io_context.
grpc::ServerUnaryReactor* createVm(vm::Supervisor& supervisor, const Log& log,
                                   std::function<launch::VmRequest()> request,
                                   std::function<void(const vm::VmView&)> respond);

} // namespace teehost::api
