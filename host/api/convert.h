// SPDX-License-Identifier: Apache-2.0
//
// Between the messages of the two APIs and the host's own types. Nothing is checked here beyond what the type
// of a field cannot hold; launch/vm_spec.h does that.
#pragma once

#include "manager.pb.h"
#include "teehost/v1/host.pb.h"

#include "host/launch/vm_request.h"
#include "host/vm/event_log.h"
#include "host/vm/supervisor.h"

namespace teehost::api {

/// Takes the secrets out of the message. Throws InvalidArgument for a TTL that is no duration.
[[nodiscard]] launch::VmRequest fromProto(manager::CreateReq&& request);
[[nodiscard]] launch::VmRequest fromProto(v1::CreateVmRequest&& request);

/// Throws InvalidArgument naming `field` when the duration is negative or out of range.
[[nodiscard]] std::chrono::nanoseconds fromProto(const google::protobuf::Duration& duration,
                                                 const char* field);

/// Throws InvalidArgument when it is empty, NotFound when it cannot be the id of a VM.
[[nodiscard]] VmId requireId(const std::string& text, const char* field);

void toProto(const vm::VmView& view, const vm::Supervisor& supervisor, v1::Vm& out);
void toProto(const vm::Event& event, v1::Event& out);
void toProto(const vm::Verdict& verdict, v1::Attestation& out);
[[nodiscard]] v1::VmState toProto(vm::VmState state);

} // namespace teehost::api
