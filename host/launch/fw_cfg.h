// SPDX-License-Identifier: Apache-2.0
//
// The items that a QEMU command line hands to its firmware through fw_cfg (QEMU, docs/specs/fw_cfg.rst),
// without running any firmware.
#pragma once

#include <deque>
#include <mutex>

#include "host/plugin/machine.h"

namespace teehost::launch {

/// Asks the QEMU of `qemu.bin_path`. Remembers the last answers, by the QEMU file and the arguments. Any
/// thread.
class QemuMachines final : public plugin::MachineService {
public:
    explicit QemuMachines(std::string binary) : binary_(std::move(binary)) {}

    [[nodiscard]] std::vector<plugin::FwCfgFile> fwCfg(const plugin::FwCfgRequest& request) override;

private:
    struct Known {
        std::string key; ///< of the QEMU file, the arguments and the names
        std::vector<plugin::FwCfgFile> files;
    };

    std::string binary_;
    std::mutex mutex_;
    std::deque<Known> known_; ///< latest first; guarded by mutex_
};

} // namespace teehost::launch
