// SPDX-License-Identifier: Apache-2.0
//
// Cuts a fuzzer's bytes into fields, so that a corpus stays text a person can read and write:
//
//     debug|https://host:7001|to\|ken|x\5|
//
// A field ends at '|' or with the input. In it a backslash takes the next byte as it is, except that a digit
// d repeats what the field holds so far 4^d times: limits of kilobytes are reached by a few bytes, which is
// what a mutator finds.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/property.h"

namespace teehost::fuzz {

class Input {
public:
    Input(const std::uint8_t* data, std::size_t size) : rest_(asText(data, size)) {}

    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

    /// The next byte; NUL when there is none.
    char byte()
    {
        if (rest_.empty())
            return '\0';
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    /// The digit 1 and half of the other bytes.
    bool flag() { return (byte() & 1) != 0; }

    std::string text()
    {
        std::string field;
        while (!rest_.empty()) {
            const char c = byte();
            if (c == '|')
                break;
            if (c != '\\')
                field += c;
            else if (const char next = byte(); next >= '0' && next <= '9')
                repeat(field, std::size_t{1} << (2 * (next - '0')));
            else
                field += next;
        }
        return field;
    }

    /// A field in decimal; 0 when it is no number.
    std::uint64_t number()
    {
        const std::string field = text();
        std::uint64_t value = 0;
        std::from_chars(field.data(), field.data() + field.size(), value);
        return value;
    }

private:
    /// Past every limit that a target looks at.
    static constexpr std::size_t kMaxField = 70'000;

    static void repeat(std::string& field, std::size_t times)
    {
        const std::string once = field;
        while (--times > 0 && !once.empty() && field.size() + once.size() <= kMaxField)
            field += once;
    }

    std::string_view rest_;
};

} // namespace teehost::fuzz
