// SPDX-License-Identifier: Apache-2.0
//
// Strict UTF-8 decoding (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace teehost::cli {

struct Utf8Char {
    enum class Kind {
        Valid,
        Invalid,  ///< the first byte does not begin a character; `length` is 1
        Truncated ///< a good beginning whose rest is missing; `length` is what there is
    };
    Kind kind;
    std::size_t length;
    char32_t codePoint; ///< only when Valid
};

/// Decodes the character at the start of `text`, which is not empty.
[[nodiscard]] Utf8Char decodeUtf8(std::string_view text) noexcept;

/// Returns `text` as valid UTF-8 without NUL: each byte that is neither becomes U+FFFD, as in what plugins
/// are given (host/plugin/request_views.h). The result has at most `maxBytes`, cut between two characters.
[[nodiscard]] std::string asUtf8(std::string_view text, std::size_t maxBytes);

} // namespace teehost::cli
