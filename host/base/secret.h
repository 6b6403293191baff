// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <string.h>

namespace teehost {

/// Bytes that must not be logged, stored or put on a command line: keys, tokens, cloud credentials. Wipes its
/// memory. There is no operator<<, no comparison and no implicit conversion; reveal() is what a review greps
/// for.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.wipe(); }
    Secret& operator=(Secret other) noexcept
    {
        bytes_.swap(other.bytes_);
        return *this;
    }
    ~Secret() { wipe(); }

    [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
    [[nodiscard]] std::string_view reveal() const noexcept { return bytes_; }

private:
    void wipe() noexcept
    {
        ::explicit_bzero(bytes_.data(), bytes_.size());
        bytes_.clear();
    }

    std::string bytes_;
};

} // namespace teehost
