// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/reader.h"

#include <charconv>

namespace teehost::kit {

std::string hexNumber(std::uint64_t number)
{
    std::array<char, 16> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    return "0x" + std::string(digits.data(), end);
}

ByteView Reader::bytes(std::size_t count)
{
    if (count > remaining())
        fail(std::to_string(count) + " bytes wanted where " + std::to_string(remaining()) + " are left,");
    const ByteView out = data_.subspan(at_, count);
    at_ += count;
    return out;
}

Reader Reader::part(std::size_t count)
{
    Reader inner(bytes(count), what_);
    inner.base_ = offset() - count;
    return inner;
}

void Reader::fail(const std::string& message) const
{
    throw ParseError(std::string(what_) + ": " + message + " at offset " + hexNumber(offset()), offset());
}

void Reader::expectDone() const
{
    if (!done())
        fail(std::to_string(remaining()) + " bytes too many");
}

} // namespace teehost::kit
