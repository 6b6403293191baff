// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <teehost/plugin.hpp>

#include "tdx/measure/measure_td.h"

namespace teehost::tdx {

/// Gives the host what was computed: a register for each candidate, events, and as values why a register is
/// not predicted ("tdx.unpredictable.rtmr0") and what else people should know of it.
void tell(const TdMeasurement& measurement, sdk::Reference out);

} // namespace teehost::tdx
