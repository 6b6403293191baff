// SPDX-License-Identifier: Apache-2.0
//
// What the host's machine service (plugin.h, section 3) asks of whoever starts QEMU: host/launch does.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace teehost::plugin {

/// See th_fw_cfg_request.
struct FwCfgRequest {
    std::vector<std::string> qemuArgs;
    std::vector<std::string> names;
    std::optional<std::chrono::steady_clock::time_point> deadline;
    std::function<bool()> cancelled; ///< absent: never
};

struct FwCfgFile {
    std::string name;
    std::vector<std::uint8_t> content;
};

class MachineService {
public:
    virtual ~MachineService() = default;
    /// Those files that there are, in the order of their names. Blocks. Any thread. Throws Error.
    [[nodiscard]] virtual std::vector<FwCfgFile> fwCfg(const FwCfgRequest& request) = 0;
};

} // namespace teehost::plugin
