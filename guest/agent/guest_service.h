// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

namespace teehost::guest {

/// teehost.v1.GuestService (proto/teehost/v1/guest.proto): the proof that the attestation key is in the VM's
/// TPM. FAILED_PRECONDITION in a VM without TPM, INVALID_ARGUMENT for a challenge that is none or for other
/// keys.
[[nodiscard]] std::unique_ptr<grpc::Service> makeGuestService();

} // namespace teehost::guest
