// SPDX-License-Identifier: Apache-2.0
//
// A machine of QEMU whose vCPUs never run, with its ports and its memory in our hands: QEMU's qtest protocol
// (system/qtest.c), which every QEMU speaks with every accelerator.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/base/helper_talk.h"

namespace teehost::launch {

/// Functions throw Error: when QEMU does not start, does not answer in time, or refuses.
class QtestMachine {
public:
    /// `args`: of the machine, without -accel and what else concerns only this way of running it.
    QtestMachine(const std::string& binary, const std::vector<std::string>& args,
                 std::chrono::steady_clock::time_point deadline);

    void outByte(std::uint16_t port, std::uint8_t value);
    void outLong(std::uint16_t port, std::uint32_t value);
    void write(std::uint64_t address, std::span<const std::uint8_t> bytes);
    [[nodiscard]] std::vector<std::uint8_t> read(std::uint64_t address, std::size_t size);

private:
    std::string command(const std::string& line);
    HelperTalk qemu_;
};

} // namespace teehost::launch
