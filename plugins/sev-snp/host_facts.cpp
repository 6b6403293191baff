// SPDX-License-Identifier: Apache-2.0
#include "host_facts.h"

#include <algorithm>

#include <cpuid.h>

#include "host_devices.h"

namespace teehost::sev_snp {
namespace {

constexpr std::uint32_t kMemoryEncryption = 0x8000001f; // APM volume 3, Fn8000_001F
constexpr std::uint32_t kHasSnp = 1u << 4;              // of its EAX

} // namespace

HostFacts HostFacts::ofThisMachine()
{
    HostFacts facts;
    facts.cpuid = [](std::uint32_t leaf) -> std::optional<CpuidLeaf> {
        CpuidLeaf out{};
        if (__get_cpuid_count(leaf, 0, &out[0], &out[1], &out[2], &out[3]) == 0)
            return std::nullopt;
        return out;
    };
    facts.sevFirmware = askSevFirmware;
    facts.kvmVmTypes = kit::kvmVmTypes;
    return facts;
}

std::optional<std::uint32_t> HostFacts::cbitPosition() const
{
    const auto leaf = cpuid(kMemoryEncryption);
    return leaf && (*leaf)[0] != 0 ? std::optional((*leaf)[1] & 0x3f) : std::nullopt;
}

std::optional<std::uint32_t> HostFacts::reducedPhysBits() const
{
    const auto leaf = cpuid(kMemoryEncryption);
    return leaf && (*leaf)[0] != 0 ? std::optional((*leaf)[1] >> 6 & 0x3f) : std::nullopt;
}

std::optional<std::uint32_t> HostFacts::cpuSignature() const
{
    const auto leaf = cpuid(1);
    return leaf ? std::optional((*leaf)[0]) : std::nullopt;
}

bool HostFacts::cpuHasSnp() const
{
    const auto leaf = cpuid(kMemoryEncryption);
    return leaf && ((*leaf)[0] & kHasSnp) != 0;
}

std::optional<std::uint32_t> HostFacts::snpAsids() const
{
    const auto leaf = cpuid(kMemoryEncryption);
    if (!leaf || ((*leaf)[0] & kHasSnp) == 0)
        return std::nullopt;
    const std::uint32_t guests = (*leaf)[2], lowestWithoutEs = (*leaf)[3];
    return std::min(guests, lowestWithoutEs == 0 ? 0 : lowestWithoutEs - 1);
}

} // namespace teehost::sev_snp
