// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include <teehost/plugin.hpp>

namespace teehost::tdx {

/// MRCONFIGID, MROWNER, MROWNERCONFIG: 48 bytes that QEMU puts into the TD (Intel TDX module ABI, TD_PARAMS).
using OwnerRegister = std::array<std::uint8_t, 48>;

/// TDATTRIBUTES that QEMU lets through (QEMU 10.1, target/i386/kvm/tdx.c, TDX_SUPPORTED_TD_ATTRS).
namespace attribute {
inline constexpr std::uint64_t kSeptVeDisable = 1ull << 28;
inline constexpr std::uint64_t kPks = 1ull << 30;
inline constexpr std::uint64_t kPerfmon = 1ull << 63;
inline constexpr std::uint64_t kAll = kSeptVeDisable | kPks | kPerfmon;
} // namespace attribute

/// The plugin's options (options.h), read and checked once; those for measuring and verifying are read there.
struct Configuration {
    /// Throws sdk::Error that names the option.
    explicit Configuration(sdk::Call call);

    std::string id, firmware;
    std::optional<std::uint64_t> attributes; ///< nothing: not set
    bool septVeDisable = true;
    bool bindConfiguration = true;
    std::optional<OwnerRegister> mrConfigId, mrOwner, mrOwnerConfig; ///< nothing: not set
    std::string quoteGeneration; ///< "auto", "vsock", "none" or an absolute path
    std::uint32_t quoteGenerationPort = 0, quoteGenerationCid = 0;
    bool askQuoteGeneration = true;
};

} // namespace teehost::tdx
