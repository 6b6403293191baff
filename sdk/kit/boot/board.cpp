// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/board.h"

namespace teehost::kit {

std::string_view nameOf(Board board) noexcept { return board == Board::Q35 ? "q35" : "pc"; }

std::optional<Board> boardOf(std::string_view machine) noexcept
{
    if (machine == "q35" || machine.starts_with("pc-q35-"))
        return Board::Q35;
    if (machine == "pc" || machine.starts_with("pc-i440fx-"))
        return Board::Pc;
    return std::nullopt;
}

std::uint64_t lowMemory(Board board, std::uint64_t memory_bytes) noexcept
{
    const bool q35 = board == Board::Q35;
    const std::uint64_t limit = q35 ? 0xB000'0000 : 0xE000'0000;
    const std::uint64_t split = q35 ? 0x8000'0000 : 0xC000'0000;
    return memory_bytes < limit ? memory_bytes : split;
}

} // namespace teehost::kit
