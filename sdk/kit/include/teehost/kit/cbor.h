// SPDX-License-Identifier: Apache-2.0
//
// CBOR (RFC 8949) as attestation uses it: definite lengths, shortest numbers, map keys once. Whoever writes
// another encoding of the same value is refused.
//
//     CborReader in(bytes, "token");
//     for (std::uint64_t left = in.map(); left > 0; --left) {
//         if (const auto key = in.key(); key.number == 10)
//             nonce = in.bytes();
//         else
//             in.skip();
//     }
#pragma once

#include <cstdint>
#include <string_view>

#include "teehost/kit/reader.h"

namespace teehost::kit {

class CborReader {
public:
    enum class Type : std::uint8_t { Unsigned, Negative, ByteString, Text, Array, Map, Tag, Simple };

    /// `what` names the item in errors, and must outlive the reader.
    CborReader(ByteView item, std::string_view what) noexcept : in_(item, what) {}

    // Each reads one item or its head, and throws ParseError when the next one is of another type.

    [[nodiscard]] Type peek() const;
    [[nodiscard]] std::uint64_t number();
    /// Unsigned or negative, within 64 bits with sign.
    [[nodiscard]] std::int64_t integer();
    [[nodiscard]] ByteView bytes();
    [[nodiscard]] std::string_view text();
    /// How many items, or pairs of them, follow; never more than bytes are left.
    [[nodiscard]] std::uint64_t array() { return count(Type::Array); }
    [[nodiscard]] std::uint64_t map() { return count(Type::Map); }
    [[nodiscard]] std::uint64_t tag() { return head(Type::Tag); }

    /// A map's key: a number, or text.
    struct Key {
        bool isText = false;
        std::int64_t number = 0;
        std::string_view text{};
    };
    [[nodiscard]] Key key();

    /// One item with all that is in it. At most 16 deep.
    void skip();
    void expectDone() const { in_.expectDone(); }
    [[noreturn]] void fail(const std::string& message) const { in_.fail(message); }

private:
    struct Head {
        Type type;
        std::uint64_t argument;
    };
    Head anyHead();
    std::uint64_t head(Type wanted);
    std::uint64_t count(Type wanted);
    void skipWithin(unsigned depth);

    Reader in_;
};

} // namespace teehost::kit
