// SPDX-License-Identifier: Apache-2.0
//
// The shares of the VM's memory that a computation may have; guest/README.md lists them.
#pragma once

#include <cstdint>
#include <string>

#include <sys/sysinfo.h>

#include "guest/agent/system_call.h"

namespace teehost::guest {

/// The share of all files of a computation, and again of the memory of the algorithm's processes.
constexpr unsigned kShareOfMemory = 40;
/// The share of the result as a zip file.
constexpr unsigned kShareOfResult = 25;

/// Returns that share of the VM's memory in bytes. Throws std::system_error.
[[nodiscard]] inline std::uint64_t bytesOfShare(unsigned percent)
{
    struct sysinfo info {};
    check(::sysinfo(&info), "cannot ask for the size of the memory");
    return std::uint64_t{info.totalram} * info.mem_unit / 100 * percent;
}

/// Returns such as "40 % of the VM's memory".
[[nodiscard]] inline std::string wordsOfShare(unsigned percent)
{
    return std::to_string(percent) + " % of the VM's memory";
}

} // namespace teehost::guest
