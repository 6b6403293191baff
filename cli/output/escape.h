// SPDX-License-Identifier: Apache-2.0
//
// Text from a guest or from the daemon may hold terminal control sequences: they can rewrite what is already
// on the screen, set the title, or on some terminals type commands. Everything of that kind passes through
// here first.
//
// Shown as they are: printable text in valid UTF-8. Escaped: C0 and C1 controls and DEL (`\x1b`, `\u009b`),
// the Unicode characters that reorder or hide what follows (`\u202e`), and bytes that are not UTF-8 (`\xff`).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace teehost::cli {

/// For one line: a table cell, a message inside a line. Line breaks and tabs are escaped too.
[[nodiscard]] std::string escapeLine(std::string_view text);

/// For a block of text: `\n` and `\t` stay, and so does the line break of `\r\n`. A lone `\r`, which would
/// let a line overwrite itself, is escaped.
[[nodiscard]] std::string escapeText(std::string_view text);

/// escapeText for text that arrives in pieces: a UTF-8 sequence or a `\r\n` may be cut anywhere.
class StreamEscaper {
public:
    [[nodiscard]] std::string feed(std::string_view bytes);
    /// What was held back in case its rest would come.
    [[nodiscard]] std::string finish();

private:
    std::string held_; // at most three bytes
};

/// Columns that escaped text takes. Counts characters, so wide (CJK) ones are counted once: a table with them
/// is a little ragged, never wrong.
[[nodiscard]] std::size_t displayWidth(std::string_view escaped) noexcept;

/// The first `columns` characters of escaped text.
[[nodiscard]] std::string_view truncateToWidth(std::string_view escaped, std::size_t columns) noexcept;

/// `text` with `indent` before each line but the first, and no line break at its end.
[[nodiscard]] std::string indentLines(std::string_view text, std::string_view indent);

} // namespace teehost::cli
