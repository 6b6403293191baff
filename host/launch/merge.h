// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/fragment.h"

namespace teehost::launch {

/// The fragments of a VM as one. Each conflict is an AlreadyExists that names both plugins.
struct Merged {
    plugin::Properties machine;
    std::optional<plugin::MemoryBackend> memory;
    std::optional<plugin::CpuModel> cpu;
    std::vector<plugin::AnyItem> items;
    std::vector<plugin::Firmware> firmware;
    std::optional<plugin::DirectBoot> directBoot;
    std::vector<std::string> raw;
    std::vector<plugin::FilePlan> files;
    std::vector<plugin::SidecarPlan> sidecars;
    plugin::Properties notes;
};

/// The property that names an item of an option: QEMU knows block devices by node-name, all others by id.
[[nodiscard]] const char* idKey(std::string_view option);

/// `reserved`: "OPTION ID" pairs the host itself uses, which no item may claim.
[[nodiscard]] Merged merge(const std::vector<plugin::Fragment>& fragments,
                           const std::vector<std::string>& reserved);

} // namespace teehost::launch
