// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace teehost::launch {

/// The host's NUMA nodes that have CPUs, as far as they matter here.
struct HostTopology {
    std::vector<std::uint32_t> cpusPerNode; ///< never empty
};

/// Reads /sys/devices/system/node; one node with all CPUs when there is none. `root` is for tests.
[[nodiscard]] HostTopology readHostTopology(const std::string& root = "/sys/devices/system/node");

struct CpuRange {
    std::uint32_t first = 0, last = 0;
    bool operator==(const CpuRange&) const = default;
};

struct GuestNode {
    std::vector<CpuRange>
        cpus; ///< those present at boot, then those that could be plugged later: each needs a node
    std::uint64_t memoryBytes = 0;
};

/// One node, unless the VM has more vCPUs than one host node has CPUs: then as many as it spans, at most the
/// host's. Memory is shared out evenly in pieces of 2 MiB, what is left going to node 0.
[[nodiscard]] std::vector<GuestNode> guestNodes(const HostTopology& host, std::uint32_t vcpus,
                                                std::uint32_t maxVcpus, std::uint64_t memoryBytes);

} // namespace teehost::launch
