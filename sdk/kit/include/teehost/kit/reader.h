// SPDX-License-Identifier: Apache-2.0
//
// Hostile bytes, read front to back. Every step is checked before it is taken; what does not fit throws with
// the offset, and nothing is ever read beyond the end.
//
//     Reader in(file, "IGVM file");
//     const std::uint32_t magic = in.u32();
//     const ByteView body = in.bytes(in.u32());   // throws "IGVM file: 4096 bytes wanted at offset 0x18, 12
//     are there"
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <stdexcept>
#include <string>
#include <string_view>

#include "teehost/kit/bytes.h"

namespace teehost::kit {

/// What was read is not what it should be.
class ParseError : public std::runtime_error {
public:
    ParseError(const std::string& message, std::size_t offset) : std::runtime_error(message), offset_(offset)
    {
    }
    /// Of the byte that is to blame, from the start of the input.
    [[nodiscard]] std::size_t offset() const noexcept { return offset_; }

private:
    std::size_t offset_;
};

/// "0x1f"
[[nodiscard]] std::string hexNumber(std::uint64_t number);

/// Numbers are little endian unless the name says otherwise. A view of the input, which must outlive it;
/// cheap to copy.
class Reader {
public:
    /// `what` names the input in errors, and must outlive the reader.
    Reader(ByteView data, std::string_view what) noexcept : data_(data), what_(what) {}

    [[nodiscard]] std::size_t offset() const noexcept { return base_ + at_; }
    [[nodiscard]] std::size_t remaining() const noexcept { return data_.size() - at_; }
    [[nodiscard]] bool done() const noexcept { return remaining() == 0; }

    [[nodiscard]] std::uint8_t u8() { return bytes(1)[0]; }
    [[nodiscard]] std::uint16_t u16() { return little<std::uint16_t>(); }
    [[nodiscard]] std::uint32_t u32() { return little<std::uint32_t>(); }
    [[nodiscard]] std::uint64_t u64() { return little<std::uint64_t>(); }
    [[nodiscard]] std::uint16_t u16be() { return big<std::uint16_t>(); }
    [[nodiscard]] std::uint32_t u32be() { return big<std::uint32_t>(); }
    [[nodiscard]] std::uint64_t u64be() { return big<std::uint64_t>(); }

    [[nodiscard]] ByteView bytes(std::size_t count);
    template <std::size_t N>
    [[nodiscard]] std::array<std::uint8_t, N> array()
    {
        std::array<std::uint8_t, N> out;
        const ByteView in = bytes(N);
        std::copy(in.begin(), in.end(), out.begin());
        return out;
    }
    void skip(std::size_t count) { static_cast<void>(bytes(count)); }
    /// The next `count` bytes as an input of their own, with offsets that go on from here.
    [[nodiscard]] Reader part(std::size_t count);
    [[nodiscard]] ByteView rest() { return bytes(remaining()); }

    /// Throws ParseError "WHAT: MESSAGE at offset 0xN", of where the reader stands.
    [[noreturn]] void fail(const std::string& message) const;
    /// Throws unless all was read.
    void expectDone() const;

private:
    template <std::unsigned_integral T>
    T little()
    {
        T number = 0;
        const ByteView in = bytes(sizeof(T));
        for (std::size_t i = sizeof(T); i-- > 0;)
            number = static_cast<T>(static_cast<std::uint64_t>(number) << 8 | in[i]);
        return number;
    }
    template <std::unsigned_integral T>
    T big()
    {
        T number = 0;
        for (const std::uint8_t byte : bytes(sizeof(T)))
            number = static_cast<T>(static_cast<std::uint64_t>(number) << 8 | byte);
        return number;
    }

    ByteView data_;
    std::string_view what_;
    std::size_t at_ = 0;
    std::size_t base_ = 0; ///< offset of data_ in the whole input
};

} // namespace teehost::kit
