// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "guest/agent/console.h"
#include "guest/agent/cvms/client_settings.h"
#include "guest/agent/cvms/downlink.h"
#include "guest/agent/cvms/uplink.h"
#include "guest/agent/environment.h"
#include "guest/agent/kernel_parameters.h"

namespace teehost::guest {

/// Holds the things that the boot has made, for the processes that run afterwards.
struct GuestParts {
    const KernelParameters& parameters;
    const Environment& environment;
    const Console& console;
    Uplink* uplink;           ///< nullptr: there is none, and no service is dialed
    const Downlink* downlink; ///< the other way; nullptr like the uplink

    [[nodiscard]] Management management() const { return managementOf(environment); }
};

} // namespace teehost::guest
