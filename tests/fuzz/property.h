// SPDX-License-Identifier: Apache-2.0
//
// How a target says what must hold. A property that does not hold ends the process, which libFuzzer and the
// replay both take as a finding and answer by keeping the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::fuzz {

[[noreturn]] inline void fail(const std::string& what)
{
    std::fputs(("property does not hold: " + what + "\n").c_str(), stderr);
    std::abort();
}

inline void require(bool holds, const char* what)
{
    if (!holds)
        fail(what);
}

/// What `body` returns, or nothing when it refused with an Error. An exception of any other type is a
/// finding: it is let through, and nobody catches it.
template <class Body>
auto unlessRefused(Body&& body) -> std::optional<decltype(body())>
{
    try {
        return std::forward<Body>(body)();
    } catch (const Error&) {
        return std::nullopt;
    }
}

/// The same for a parser, whose every refusal blames the text.
template <class Body>
auto unlessMalformed(Body&& body) -> std::optional<decltype(body())>
{
    try {
        return std::forward<Body>(body)();
    } catch (const Error& error) {
        require(error.category() == Category::InvalidArgument, "a parser refuses with InvalidArgument");
        return std::nullopt;
    }
}

/// No control character and nothing that is not UTF-8: may be shown on a terminal and written to a log.
inline void requirePrintable(std::string_view text, const char* what)
{
    require(printable(text) == text, what);
}

[[nodiscard]] inline std::string_view asText(const std::uint8_t* data, std::size_t size)
{
    return {reinterpret_cast<const char*>(data), size};
}

} // namespace teehost::fuzz
