// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace teehost::test {

struct LoadOptions {
    std::size_t vms = 50;    ///< that live at the same time, over all clients
    std::size_t clients = 8; ///< threads
    double seconds = 10;     ///< of creating and removing
};

} // namespace teehost::test
