// SPDX-License-Identifier: Apache-2.0
#include "tdx/host_facts.h"

#include "tdx/kvm_tdx.h"

namespace teehost::tdx {
namespace {

constexpr std::chrono::seconds kQgsLimit{2};

std::optional<std::uint64_t> miscResource(const std::string& path)
{
    const auto text = kit::contentsOf(path);
    return text ? kit::numberInLine(*text, "tdx") : std::nullopt;
}

} // namespace

HostFacts HostFacts::ofThisMachine()
{
    HostFacts facts;
    facts.kvmVmTypes = kit::kvmVmTypes;
    facts.tdxCapabilities = askTdxCapabilities;
    facts.qgs = [](const QgsAddress& address, QgsLook look) { return lookAtQgs(address, look, kQgsLimit); };
    return facts;
}

std::optional<std::uint64_t> HostFacts::keyIds() const
{
    return miscResource(root + "/sys/fs/cgroup/misc.capacity");
}

std::optional<std::uint64_t> HostFacts::keyIdsInUse() const
{
    return miscResource(root + "/sys/fs/cgroup/misc.current");
}

} // namespace teehost::tdx
