// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/der.h"

namespace teehost::kit {

Reader DerReader::element(std::uint8_t tag)
{
    if (const std::uint8_t its = in_.u8(); its != tag)
        in_.fail("an element with tag " + hexNumber(its) + " instead of " + hexNumber(tag) + " ends");
    return contents();
}

void DerReader::skip()
{
    constexpr std::uint8_t kLongTag = 0x1f; // X.690, 8.1.2.4: further bytes say the tag
    if ((in_.u8() & kLongTag) == kLongTag)
        in_.fail("a tag of more than one byte begins");
    static_cast<void>(contents());
}

bool DerReader::nextIs(std::uint8_t tag) const
{
    Reader ahead = in_;
    return !ahead.done() && ahead.u8() == tag;
}

ByteView DerReader::whole()
{
    Reader before = in_;
    skip();
    return before.bytes(in_.offset() - before.offset());
}

ByteView DerReader::oidContents()
{
    const ByteView contents = element(0x06).rest();
    bool first = true; // of a component, which has no zeros before it (X.690, 8.19.2)
    for (const std::uint8_t byte : contents) {
        if (first && byte == 0x80)
            in_.fail("an object identifier with a padded component ends");
        first = (byte & 0x80) == 0;
    }
    if (contents.empty() || !first)
        in_.fail("an object identifier without an end ends");
    return contents;
}

ByteView DerReader::unsignedDigits()
{
    const ByteView digits = element(0x02).rest();
    const bool padded = digits.size() > 1 && digits[0] == 0 && digits[1] < 0x80; // X.690, 8.3.2
    if (digits.empty() || digits[0] >= 0x80 || padded)
        in_.fail("a number that is negative or padded ends");
    return digits.size() > 1 && digits[0] == 0 ? digits.subspan(1) : digits;
}

ByteView DerReader::wholeBits()
{
    const ByteView contents = element(0x03).rest();
    if (contents.empty() || contents[0] != 0) // X.690, 8.6.2.2: how many bits at the end do not count
        in_.fail("a bit string that is not of whole bytes ends");
    return contents.subspan(1);
}

Reader DerReader::contents()
{
    std::size_t length = in_.u8();
    if (length >= 0x80) { // X.690, 8.1.3.5: the number of bytes that say the length
        const std::size_t bytes = length - 0x80;
        if (bytes == 0 || bytes > 3)
            in_.fail("a length of " + std::to_string(bytes) + " bytes ends");
        length = 0;
        for (const std::uint8_t byte : in_.bytes(bytes))
            length = length << 8 | byte;
        if (length < 0x80 || length >> (8 * (bytes - 1)) == 0)
            in_.fail("a length that is written longer than it must ends"); // X.690, 10.1
    }
    return in_.part(length);
}

std::string DerReader::oid()
{
    Reader in = element(0x06);
    if (in.done())
        in.fail("an object identifier without components ends");
    std::string text;
    while (!in.done()) {
        std::uint64_t component = 0;
        for (bool more = true, first = true; more; first = false) {
            const std::uint8_t byte = in.u8();
            if ((first && byte == 0x80) || component >> 56 != 0)
                in.fail("a component of an object identifier is padded or too large");
            component = component << 7 | (byte & 0x7f);
            more = (byte & 0x80) != 0;
        }
        if (!text.empty()) {
            text += "." + std::to_string(component);
            continue;
        }
        const std::uint64_t root = component < 80 ? component / 40 : 2; // X.690, 8.19.4
        text = std::to_string(root) + "." + std::to_string(component - 40 * root);
    }
    return text;
}

std::string DerReader::ia5()
{
    const ByteView text = element(0x16).rest();
    for (const std::uint8_t c : text)
        if (c < 0x20 || c > 0x7e)
            in_.fail("text that is not printable ends");
    return std::string(textOf(text));
}

bool DerReader::boolean()
{
    const ByteView value = element(0x01).rest();
    if (value.size() != 1 || (value[0] != 0 && value[0] != 0xff))
        in_.fail("a boolean in another form than DER's ends");
    return value[0] != 0;
}

std::uint64_t DerReader::number(std::uint8_t tag, std::uint64_t most)
{
    const ByteView digits = element(tag).rest();
    const bool padded = digits.size() > 1 && digits[0] == 0 && digits[1] < 0x80; // X.690, 8.3.2
    if (digits.empty() || digits.size() > 9 || digits[0] >= 0x80 || padded ||
        (digits.size() == 9 && digits[0] != 0))
        in_.fail("a number that is negative, too long or padded ends");
    std::uint64_t value = 0;
    for (const std::uint8_t digit : digits)
        value = value << 8 | digit;
    if (value > most)
        in_.fail("the number " + std::to_string(value) + ", above " + std::to_string(most) + ", ends");
    return value;
}

} // namespace teehost::kit
