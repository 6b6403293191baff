// SPDX-License-Identifier: Apache-2.0
//
// Small TDX firmware images, made of what a test says. Each part can be made wrong.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <teehost/kit/bytes.h>

#include "boot_factory/boot_files.h"

namespace teehost::tdx_factory {

struct Section {
    std::uint32_t dataOffset = 0, rawSize = 0;
    std::uint64_t address = 0, size = 0;
    std::uint32_t type = 0, attributes = 0;
};

/// With the sections that OVMF has: a variable store and code that end at 4 GiB, and memory that is accepted.
struct TdvfBuilder {
    static constexpr std::size_t kSize = 0x10000, kStoreBytes = 0x4000;
    static constexpr std::uint64_t kBase = (std::uint64_t{1} << 32) - kSize;

    std::vector<Section> sections{
        {kStoreBytes, kSize - kStoreBytes, kBase + kStoreBytes, kSize - kStoreBytes, 0, 1},
        {0, kStoreBytes, kBase, kStoreBytes, 1, 0},
        {0, 0, 0x810000, 0x10000, 3, 0},
        {0, 0, 0x80B000, 0x2000, 3, 0},
        {0, 0, 0x809000, 0x2000, 2, 0},
        {0, 0, 0x800000, 0x6000, 3, 0},
    };
    boot_factory::VariableStoreBuilder store{};
    std::uint8_t fill = 0x5a; ///< of the code

    bool hasFooter = true, hasEntry = true;
    std::string signature = "TDVF";
    std::uint32_t version = 1;
    std::optional<std::uint32_t> count{}, length{}; ///< of the descriptor, in place of what is true
    std::optional<std::uint32_t> fromEnd{};         ///< where it is said to be
    std::uint16_t entrySize = 22;                   ///< of the table's entry

    [[nodiscard]] kit::Bytes build() const;
    /// Of the descriptor.
    [[nodiscard]] static constexpr std::size_t metadataOffset() noexcept { return kSize - 0x200; }
};

} // namespace teehost::tdx_factory
