// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include <teehost/sdk/vm.hpp>

#include "predict/predict_pcrs.h"

namespace teehost::vtpm {

/// This host's CPU, as far as guests under KVM see it.
struct HostCpu {
    std::optional<CpuVendor> vendor; ///< nothing when it is another
    std::optional<std::uint32_t> addressBits;
    bool gigabytePages = false;

    /// A CPU that shows what the model `-cpu MODEL` is named for: for a host that is not this machine. The
    /// models host and max show the host's, of which nothing is known then.
    [[nodiscard]] static HostCpu ofModel(std::string_view model);
    /// Of the text of /proc/cpuinfo.
    [[nodiscard]] static HostCpu of(std::string_view cpuinfo);
};

/// The machine that a QEMU command line (without argv[0]) makes. What the command line leaves open is taken
/// from `vm`; what neither tells is Unknown: so are option ROMs while there is no command line.
[[nodiscard]] MachineFacts machineOf(const sdk::Vm& vm, std::span<const std::string_view> qemu_args,
                                     const HostCpu& host);

} // namespace teehost::vtpm
