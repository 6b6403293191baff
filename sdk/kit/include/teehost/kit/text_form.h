// SPDX-License-Identifier: Apache-2.0
//
// Bytes as people keep them in text: hexadecimal and base64, as tools, clouds and mail write them. The one
// decoder for evidence, event logs and certificates that a person hands over; what a running VM answers is
// never passed through it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "teehost/kit/bytes.h"

namespace teehost::kit {

/// The bytes that a text stands for, and the form in which they were written.
struct DecodedText {
    Bytes data;
    std::string how; ///< "hexadecimal text", "base64 text"
};

/// Reads a file that is nothing but hexadecimal digits or base64 and decodes to 16 bytes at least:
///  - hexadecimal in either case, with blanks, line breaks, commas or colons between bytes, with 0x or \x
///    before all of it or before each byte;
///  - base64 and base64url, on one line or wrapped, with and without padding;
///  - either with a byte order mark, in quotes, in UTF-16, or with zeros behind it.
/// Returns nullopt for every other file, and for one of more than 16 MiB.
[[nodiscard]] std::optional<DecodedText> decodeText(ByteView file);

/// The file as text without a byte order mark, UTF-16 narrowed, and without the zeros behind it; nothing when
/// a byte of it is no printable ASCII, blank or line break.
[[nodiscard]] std::optional<std::string> plainText(ByteView file);

/// The same without what stands around it: blanks and line breaks.
[[nodiscard]] std::string_view trimmedText(std::string_view text) noexcept;

} // namespace teehost::kit
