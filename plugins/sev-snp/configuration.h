// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>

#include <teehost/plugin.hpp>

#include "launch/ovmf_digest.h"

namespace teehost::sev_snp {

inline constexpr std::uint64_t kDefaultPolicy = 0x30000; ///< as QEMU's
inline constexpr std::string_view kDefaultIgvmFile = "/root/coconut-qemu.igvm";

/// The plugin's options (options.h), read and checked once.
struct Configuration {
    /// Throws sdk::Error that names the option.
    explicit Configuration(sdk::Call call);

    std::string id, igvmId, igvmFile;
    std::optional<std::uint64_t> cbitpos, reducedPhysBits; ///< nothing: auto
    std::optional<std::uint64_t> policy;                   ///< nothing: not set
    bool vcekDisabled = false, debugSwap = false, secureTsc = false;
    std::uint64_t tscFrequency = 0;
    std::optional<std::array<std::uint8_t, 32>> hostData; ///< with enable_host_data
    bool bindConfiguration = true;
    bool nativeZeroPages = false;
    bool kernelHashes = true, allowUnmeasuredKernel = false;
    std::string idBlock, idAuth, idKey, authorKey; ///< paths; empty: none
    std::array<std::uint8_t, 16> familyId{}, imageId{};
    std::uint32_t guestSvn = 0;
    VmsaProfile vmsaProfile = VmsaProfile::Qemu;
    std::optional<std::uint32_t> cpuSignature; ///< nothing: by the CPU model

    [[nodiscard]] std::uint64_t sevFeatures() const noexcept
    {
        return kFeatureSnp | (debugSwap ? kFeatureDebugSwap : 0) | (secureTsc ? kFeatureSecureTsc : 0);
    }
};

} // namespace teehost::sev_snp
