// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <string.h>

namespace teehost {

/// Bytes that must not be logged, stored or put on a command line: keys, tokens, cloud credentials. Wipes its
/// memory. There is no operator<<, no comparison and no implicit conversion; reveal() is what a review greps
/// for.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string_view bytes) : bytes_(bytes.begin(), bytes.end()) {}
    /// Takes the bytes out of `text` and wipes what they leave behind.
    explicit Secret(std::string&& text) : Secret(std::string_view(text))
    {
        ::explicit_bzero(text.data(), text.size());
        text.clear();
    }
    explicit Secret(const char* text) : Secret(std::string_view(text)) {}
    Secret(const Secret&) = default;
    /// A vector's move hands the memory over; a short string's would leave a copy behind.
    Secret(Secret&& other) noexcept = default;
    Secret& operator=(Secret other) noexcept
    {
        bytes_.swap(other.bytes_);
        return *this;
    }
    ~Secret()
    {
        if (!bytes_.empty())
            ::explicit_bzero(bytes_.data(), bytes_.size());
    }

    [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
    [[nodiscard]] std::string_view reveal() const noexcept { return {bytes_.data(), bytes_.size()}; }

private:
    std::vector<char> bytes_;
};

} // namespace teehost
