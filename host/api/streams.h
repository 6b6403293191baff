// SPDX-License-Identifier: Apache-2.0
//
// The two server streams of teehost.v1.
#pragma once

#include "teehost/v1/host.grpc.pb.h"

#include "host/api/reactors.h"
#include "host/vm/supervisor.h"

namespace teehost::api {

grpc::ServerWriteReactor<v1::Event>* watchEvents(vm::Supervisor& supervisor, const Log& log,
                                                 const v1::WatchEventsRequest& request);

grpc::ServerWriteReactor<v1::ConsoleChunk>* readConsole(vm::Supervisor& supervisor, const Log& log,
                                                        const v1::ReadConsoleRequest& request);

} // namespace teehost::api
