// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>

#include "host/appraisal/attestor.h"

namespace teehost::appraisal {

/// Which VMs are being asked. io_context thread.
struct Attestor::Asking {
    explicit Asking(asio::io_context& io) : changed(io) {}
    std::set<VmId> vms;
    std::size_t waiting = 0;
    Signal changed;
};

} // namespace teehost::appraisal
