// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/cbor.h"

namespace teehost::kit {
namespace {

constexpr unsigned kDeepest = 16;

} // namespace

CborReader::Type CborReader::peek() const
{
    Reader ahead(in_);
    return static_cast<Type>(ahead.u8() >> 5);
}

CborReader::Head CborReader::anyHead()
{
    const std::uint8_t first = in_.u8();
    const auto type = static_cast<Type>(first >> 5);
    const unsigned small = first & 0x1F;
    if (small < 24)
        return {type, small};
    std::uint64_t argument = 0, least = 0;
    switch (small) {
    case 24:
        argument = in_.u8();
        least = type == Type::Simple ? 32 : 24;
        break;
    case 25:
        argument = in_.u16be();
        least = 0x100;
        break;
    case 26:
        argument = in_.u32be();
        least = 0x1'0000;
        break;
    case 27:
        argument = in_.u64be();
        least = 0x1'0000'0000;
        break;
    default:
        in_.fail("an indefinite or reserved length");
    }
    // The longer forms of major type 7 are floating point numbers, which are as they are.
    if (argument < least && (type != Type::Simple || small == 24))
        in_.fail("a number that is not in its shortest form");
    return {type, argument};
}

std::uint64_t CborReader::head(Type wanted)
{
    const Reader before(in_);
    const Head out = anyHead();
    if (out.type != wanted)
        before.fail("an item of CBOR's major type " + std::to_string(static_cast<unsigned>(out.type)) +
                    " where " + std::to_string(static_cast<unsigned>(wanted)) + " is wanted");
    return out.argument;
}

std::uint64_t CborReader::count(Type wanted)
{
    const std::uint64_t count = head(wanted);
    if (count > in_.remaining())
        in_.fail(std::to_string(count) + " elements");
    return count;
}

std::uint64_t CborReader::number() { return head(Type::Unsigned); }

std::int64_t CborReader::integer()
{
    const bool negative = peek() == Type::Negative;
    const std::uint64_t argument = head(negative ? Type::Negative : Type::Unsigned);
    if (argument > static_cast<std::uint64_t>(INT64_MAX))
        in_.fail("a number of more than 63 bits");
    const auto value = static_cast<std::int64_t>(argument);
    return negative ? -1 - value : value;
}

ByteView CborReader::bytes()
{
    const std::uint64_t size = count(Type::ByteString);
    return in_.bytes(static_cast<std::size_t>(size));
}

std::string_view CborReader::text()
{
    const std::uint64_t size = count(Type::Text);
    return textOf(in_.bytes(static_cast<std::size_t>(size)));
}

CborReader::Key CborReader::key()
{
    if (peek() == Type::Text)
        return {true, 0, text()};
    return {false, integer(), {}};
}

void CborReader::skip() { skipWithin(0); }

void CborReader::skipWithin(unsigned depth)
{
    if (depth == kDeepest)
        in_.fail("more than 16 items within each other");
    const Head item = anyHead();
    switch (item.type) {
    case Type::ByteString:
    case Type::Text:
        if (item.argument > in_.remaining())
            in_.fail(std::to_string(item.argument) + " bytes");
        in_.skip(static_cast<std::size_t>(item.argument));
        break;
    case Type::Array:
        for (std::uint64_t i = 0; i < item.argument; ++i)
            skipWithin(depth + 1);
        break;
    case Type::Map:
        for (std::uint64_t i = 0; i < item.argument; ++i) {
            skipWithin(depth + 1);
            skipWithin(depth + 1);
        }
        break;
    case Type::Tag:
        skipWithin(depth + 1);
        break;
    case Type::Unsigned:
    case Type::Negative:
    case Type::Simple:
        break;
    }
}

} // namespace teehost::kit
