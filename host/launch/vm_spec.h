// SPDX-License-Identifier: Apache-2.0
//
// A VM that may be launched: every value checked, nothing secret inside. The secrets travel beside it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/base/secret.h"
#include "host/base/vm_id.h"
#include "host/launch/vm_request.h"
#include "host/settings/settings.h"

namespace teehost::launch {

struct VmSpec {
    VmId id = VmId::random();
    std::string backend; ///< plugin id
    std::string accel;   ///< "kvm" or "tcg"
    std::uint32_t vcpus = 1;
    std::uint32_t maxVcpus = 1;
    std::uint64_t memoryBytes = 0;
    std::string kernel, initrd;             ///< empty when the VM boots from a disk
    std::string cmdline;                    ///< byte for byte what the kernel gets
    std::vector<std::uint8_t> hostData;     ///< the request's binding data; only with a confidential backend
    std::vector<std::uint8_t> configDigest; ///< config_digest.h; empty unless the backend is confidential
    std::string igvm;                       ///< that the backend boots; known once it has composed
    std::optional<std::chrono::nanoseconds> ttl;
    std::map<std::string, std::string> labels;
    std::uint32_t maxRestarts = 0; ///< how often it is launched again when it fails
    std::string ready = "port";    ///< the sign by which it counts as up: port, guest or none
    bool endOnBootTimeout = false; ///< a guest that gives no such sign in time is ended
    std::string idempotencyKey, fingerprint;
};

/// A file for one of the guest's shares.
struct ShareFile {
    std::string name; ///< one path component
    Secret content;
};

/// The files that the guest is handed through its shares; dropped as soon as the files are written.
struct VmSecrets {
    std::vector<ShareFile> env;   ///< the share tagged env_share
    std::vector<ShareFile> certs; ///< the share tagged certs_share
};

struct ValidatedVm {
    VmSpec spec;
    VmSecrets secrets;
};

/// Checks everything a client can write and fills in the defaults. Throws InvalidArgument naming the field,
/// or FailedPrecondition when the host's own files are missing. `spec.backend`, `spec.accel` and
/// `spec.configDigest` are the caller's to set. The VM gets that `id`, a random one when there is none.
/// Touches no file but to look at it.
[[nodiscard]] ValidatedVm validate(const VmRequest& request, const settings::Settings& settings,
                                   const std::optional<VmId>& id = {});

} // namespace teehost::launch
