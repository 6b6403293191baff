// SPDX-License-Identifier: Apache-2.0
//
// Messages of the daemon as JSON. Keys are those of host.proto.
#pragma once

#include <teehost/v1/host.pb.h>

#include "cli/output/json.h"

namespace teehost::cli {

[[nodiscard]] Json toJson(const v1::Vm& vm);
[[nodiscard]] Json toJson(const v1::Event& event);
[[nodiscard]] Json toJson(const v1::Backend& backend);
[[nodiscard]] Json toJson(const v1::ConfigOption& option);

} // namespace teehost::cli
