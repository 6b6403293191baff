// SPDX-License-Identifier: Apache-2.0
//
// Structures of firmware and hypervisor, written front to back; numbers are little endian.
#pragma once

#include <utility>

#include "teehost/kit/bytes.h"

namespace teehost::kit {

class ByteWriter {
public:
    ByteWriter& u8(std::uint8_t value) { return number(value, 1); }
    ByteWriter& u16(std::uint16_t value) { return number(value, 2); }
    ByteWriter& u32(std::uint32_t value) { return number(value, 4); }
    ByteWriter& u64(std::uint64_t value) { return number(value, 8); }
    ByteWriter& bytes(ByteView bytes)
    {
        out_.insert(out_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    ByteWriter& text(std::string_view text) { return bytes(viewOf(text)); }
    ByteWriter& zeros(std::size_t count)
    {
        out_.insert(out_.end(), count, 0);
        return *this;
    }

    [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }
    [[nodiscard]] Bytes take() noexcept { return std::move(out_); }

private:
    ByteWriter& number(std::uint64_t value, std::size_t size)
    {
        for (std::size_t i = 0; i < size; ++i)
            out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
        return *this;
    }

    Bytes out_;
};

} // namespace teehost::kit
