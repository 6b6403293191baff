// SPDX-License-Identifier: Apache-2.0
//
// Protocol buffer messages, field by field (protobuf.dev, "Encoding"). Plugins link no protobuf library; what
// they read of others' messages is a handful of fields.
//
//     ProtobufReader in(bytes, "attestation");
//     while (const auto field = in.next())
//         if (field->number == 1)
//             key = field->bytes();
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "teehost/kit/reader.h"

namespace teehost::kit {

class ProtobufReader {
public:
    /// `what` names the message in errors, and must outlive the reader.
    ProtobufReader(ByteView message, std::string_view what) noexcept : in_(message, what) {}

    class Field {
    public:
        std::uint32_t number = 0;
        /// The value of a varint or fixed number; ParseError when it is neither, or above `most`.
        [[nodiscard]] std::uint64_t integer(std::uint64_t most = UINT64_MAX) const;
        /// Bytes, text or a message; ParseError when it is a number.
        [[nodiscard]] ByteView bytes() const;

    private:
        friend class ProtobufReader;
        explicit Field(const Reader& at) noexcept : at_(at) {}
        Reader at_; ///< for errors
        std::optional<std::uint64_t> value_;
        ByteView bytes_;
    };

    /// The next field, or nothing at the end. ParseError for what is cut off, for groups, and for more than
    /// 10,000 fields.
    [[nodiscard]] std::optional<Field> next();

private:
    std::uint64_t varint();
    Reader in_;
    std::size_t fields_ = 0;
};

} // namespace teehost::kit
