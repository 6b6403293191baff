// SPDX-License-Identifier: Apache-2.0
//
// The lines of a text in which programs say what went wrong, as people keep it: what QEMU printed, a kernel's
// log, a journal in words or in JSON, a console.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace teehost::cli {

struct LogLine {
    std::size_t number; ///< of the line in the text, from 1
    std::string text;   ///< at most kMaxLogLineBytes of UTF-8 without NUL, as plugins are given it
};

/// Longer lines are cut: no program tells an error in so many words.
inline constexpr std::size_t kMaxLogLineBytes = 4096;

/// The lines of `text` that are not empty. A line that is one JSON object (journalctl -o json, the daemon's
/// log) is taken apart: each text in it is a line with the object's number. Carriage returns end lines too.
[[nodiscard]] std::vector<LogLine> logLines(std::string_view text);

/// Says what to hand over instead when `text` is no text: a compressed file, a journal in its binary form.
/// Returns an empty string when it can be read.
[[nodiscard]] std::string whyNoText(std::string_view text);

} // namespace teehost::cli
