// SPDX-License-Identifier: Apache-2.0
//
// DER (X.690) as extensions of endorsement certificates use it: tags of one byte, lengths and numbers in
// their only form. Whoever writes another encoding of the same value is refused with ParseError.
//
//     DerReader in(extension, "PCK extension");
//     for (DerReader list = in.sequence(); !list.done();) {
//         DerReader pair = list.sequence();
//         if (pair.oid() == "1.2.840.113741.1.13.1.3")
//             pceId = pair.octets();
//     }
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "teehost/kit/reader.h"

namespace teehost::kit {

class DerReader {
public:
    /// `what` names the input in errors, and must outlive the reader.
    DerReader(ByteView der, std::string_view what) noexcept : in_(der, what) {}

    // Each reads one element, and throws when the next one is of another type.

    [[nodiscard]] DerReader sequence() { return DerReader(element(0x30)); }
    /// Dotted: "1.2.840.113741.1.13.1".
    [[nodiscard]] std::string oid();
    [[nodiscard]] ByteView octets() { return element(0x04).rest(); }
    /// Printable ASCII (an IA5String).
    [[nodiscard]] std::string ia5();
    [[nodiscard]] bool boolean();
    /// An INTEGER from 0 to `most`.
    [[nodiscard]] std::uint64_t integer(std::uint64_t most) { return number(0x02, most); }
    [[nodiscard]] std::uint64_t enumerated(std::uint64_t most) { return number(0x0a, most); }

    /// Reads the inside of the next element, which has this tag: a SET (0x31), a context's own (0xa0 and on).
    [[nodiscard]] DerReader constructed(std::uint8_t tag) { return DerReader(element(tag)); }
    [[nodiscard]] ByteView primitive(std::uint8_t tag) { return element(tag).rest(); }
    /// The contents of an OBJECT IDENTIFIER in DER's only form, to be compared with.
    [[nodiscard]] ByteView oidContents();
    /// The digits of an INTEGER that is not negative, big endian, without a sign: one zero byte for zero.
    [[nodiscard]] ByteView unsignedDigits();
    /// The contents of a BIT STRING of whole bytes.
    [[nodiscard]] ByteView wholeBits();

    /// Tells whether there is a next element, with this tag.
    [[nodiscard]] bool nextIs(std::uint8_t tag) const;
    /// One element, whatever it is, with its tag and length.
    [[nodiscard]] ByteView whole();
    /// Skips one element, whatever it is.
    void skip();

    [[nodiscard]] ByteView rest() { return in_.rest(); }
    [[nodiscard]] bool done() const noexcept { return in_.done(); }
    void expectDone() const { in_.expectDone(); }
    [[noreturn]] void fail(const std::string& message) const { in_.fail(message); }

private:
    explicit DerReader(const Reader& in) noexcept : in_(in) {}
    /// The contents of the next element, which has this tag.
    Reader element(std::uint8_t tag);
    Reader contents();
    std::uint64_t number(std::uint8_t tag, std::uint64_t most);

    Reader in_;
};

} // namespace teehost::kit
