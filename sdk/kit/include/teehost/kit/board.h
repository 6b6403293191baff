// SPDX-License-Identifier: Apache-2.0
//
// QEMU's two PC boards, and where they put memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace teehost::kit {

enum class Board { Q35, Pc };

/// "q35", "pc"
[[nodiscard]] std::string_view nameOf(Board board) noexcept;
/// Of a machine type: also "pc-q35-7.2" and "pc-i440fx-7.2". Nothing for another.
[[nodiscard]] std::optional<Board> boardOf(std::string_view machine) noexcept;

/// How much of a machine's memory lies below 4 GiB: pc_q35_init and pc_init1 of QEMU (hw/i386/pc_q35.c,
/// pc_piix.c), with gigabyte alignment as all machine types since 2.1 have. The rest begins at 4 GiB.
[[nodiscard]] std::uint64_t lowMemory(Board board, std::uint64_t memory_bytes) noexcept;

} // namespace teehost::kit
