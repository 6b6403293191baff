// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/protobuf.h"

namespace teehost::kit {
namespace {

constexpr std::size_t kMostFields = 10'000;
enum WireType : unsigned { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

} // namespace

std::uint64_t ProtobufReader::Field::integer(std::uint64_t most) const
{
    if (!value_)
        at_.fail("field " + std::to_string(number) + " is no number");
    if (*value_ > most)
        at_.fail("field " + std::to_string(number) + " is " + std::to_string(*value_) + ", above " +
                 std::to_string(most) + ",");
    return *value_;
}

ByteView ProtobufReader::Field::bytes() const
{
    if (value_)
        at_.fail("field " + std::to_string(number) + " is a number");
    return bytes_;
}

std::uint64_t ProtobufReader::varint()
{
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t byte = in_.u8();
        if (shift == 63 && byte > 1)
            break; // more than 64 bits
        value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0)
            return value;
    }
    in_.fail("a number of more than 64 bits");
}

std::optional<ProtobufReader::Field> ProtobufReader::next()
{
    if (in_.done())
        return std::nullopt;
    if (++fields_ > kMostFields)
        in_.fail("more than 10,000 fields");
    Field field(in_);
    const std::uint64_t tag = varint();
    constexpr std::uint64_t kMostNumber = (1u << 29) - 1;
    if (tag >> 3 == 0 || tag >> 3 > kMostNumber)
        in_.fail("the field number " + std::to_string(tag >> 3));
    field.number = static_cast<std::uint32_t>(tag >> 3);
    switch (tag & 7) {
    case kVarint:
        field.value_ = varint();
        break;
    case kFixed64:
        field.value_ = in_.u64();
        break;
    case kFixed32:
        field.value_ = in_.u32();
        break;
    case kLength: {
        const std::uint64_t size = varint();
        if (size > in_.remaining())
            in_.fail("a field of " + std::to_string(size) + " bytes");
        field.bytes_ = in_.bytes(static_cast<std::size_t>(size));
        break;
    }
    default:
        in_.fail("the wire type " + std::to_string(tag & 7));
    }
    return field;
}

} // namespace teehost::kit
