// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "tdx/configuration.h"

namespace teehost::tdx {

/// What MRCONFIGID of a VM is to be, and where that comes from.
struct ConfigId {
    OwnerRegister bytes;
    std::string_view origin; ///< for people
};

/// The request's binding data, as it is when it is 48 bytes and else its SHA-384; or what is configured; or
/// the 32 bytes of the VM's configuration digest with zeros behind them. Nothing: the register is zero.
[[nodiscard]] std::optional<ConfigId> configIdFor(const Configuration& configuration, const sdk::Vm& vm);

} // namespace teehost::tdx
