// SPDX-License-Identifier: Apache-2.0
#include "host/launch/topology.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::launch {
namespace {

constexpr std::uint64_t kGranuleBytes = 2u << 20;

/// "0-3,8-11" -> 8 (Documentation/admin-guide/cputopology.rst, list format)
std::uint32_t countCpus(const std::string& list)
{
    std::uint64_t count = 0;
    for (const auto& range : split(list, ',')) {
        const auto dash = range.find('-');
        const auto first = parseUnsigned(range.substr(0, dash));
        const auto last = dash == std::string::npos ? first : parseUnsigned(range.substr(dash + 1));
        count += last >= first ? last - first + 1 : 0;
    }
    return static_cast<std::uint32_t>(count);
}

/// Shares out the CPUs from `begin` up to `end` in runs of almost equal length.
void distribute(std::vector<GuestNode>& nodes, std::uint32_t begin, std::uint32_t end)
{
    const auto count = static_cast<std::uint32_t>(nodes.size());
    std::uint32_t cpu = begin;
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t run = (end - begin) / count + (i < (end - begin) % count ? 1 : 0);
        if (run > 0)
            nodes[i].cpus.push_back({cpu, cpu + run - 1});
        cpu += run;
    }
}

} // namespace

HostTopology readHostTopology(const std::string& root)
{
    HostTopology topology;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("node") || name.find_first_not_of("0123456789", 4) != std::string::npos)
            continue;
        std::ifstream file(entry.path() / "cpulist");
        std::string list;
        std::getline(file, list);
        try {
            if (const auto cpus = countCpus(list); cpus > 0)
                topology.cpusPerNode.push_back(cpus);
        } catch (const Error&) {
            // A list in a form we do not know: as if the node were not there.
        }
    }
    if (topology.cpusPerNode.empty())
        topology.cpusPerNode.push_back(std::max(1u, std::thread::hardware_concurrency()));
    return topology;
}

std::vector<GuestNode> guestNodes(const HostTopology& host, std::uint32_t vcpus, std::uint32_t maxVcpus,
                                  std::uint64_t memoryBytes)
{
    const auto perNode = *std::max_element(host.cpusPerNode.begin(), host.cpusPerNode.end());
    const auto spanned = (vcpus + perNode - 1) / perNode;
    const auto count = std::max<std::uint32_t>(
        1, std::min<std::uint32_t>(spanned, static_cast<std::uint32_t>(host.cpusPerNode.size())));
    const std::uint64_t share = memoryBytes / count / kGranuleBytes * kGranuleBytes;
    std::vector<GuestNode> nodes(count);
    for (std::uint32_t i = 0; i < count; ++i)
        nodes[i].memoryBytes = i == 0 ? memoryBytes - share * (count - 1) : share;
    distribute(nodes, 0, vcpus);
    distribute(nodes, vcpus, maxVcpus);
    return nodes;
}

} // namespace teehost::launch
