// SPDX-License-Identifier: Apache-2.0
//
// What the host's kernel and its services say of TDX. Where it is read is injectable, so that a test can be
// any host.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <teehost/kit/host.h>

#include "tdx/qgs.h"

namespace teehost::tdx {

using kit::Asked;

/// What KVM and the TDX module let a TD have (KVM_TDX_CAPABILITIES; Linux, Documentation/virt/kvm/x86/
/// intel-tdx.rst).
struct TdxCapabilities {
    std::uint64_t attributes = 0, xfam = 0;
};

struct HostFacts {
    std::string root = ""; ///< before /proc, /sys, /dev and /var
    /// The types of VMs that KVM makes, a bit each, asked of /dev/kvm.
    std::function<Asked<std::uint32_t>(const std::string& device)> kvmVmTypes;
    /// Asked of a VM of that type, made for the question: it works only with a TDX module that is ready.
    std::function<Asked<TdxCapabilities>(const std::string& device)> tdxCapabilities;
    std::function<Asked<QgsPlatform>(const QgsAddress& address, QgsLook look)> qgs;

    /// This machine.
    [[nodiscard]] static HostFacts ofThisMachine();

    /// Key ids for TDs that the kernel counts out, and how many of them are in use (cgroup v2, misc.capacity
    /// and misc.current, resource "tdx"); nothing where the kernel does not say.
    [[nodiscard]] std::optional<std::uint64_t> keyIds() const;
    [[nodiscard]] std::optional<std::uint64_t> keyIdsInUse() const;
};

} // namespace teehost::tdx
