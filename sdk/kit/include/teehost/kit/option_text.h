// SPDX-License-Identifier: Apache-2.0
//
// Values of options that the host's types do not cover.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <teehost/plugin.hpp>

namespace teehost::kit {

/// Options of one plugin, by its id.
class OptionText {
public:
    explicit constexpr OptionText(std::string_view plugin) noexcept : plugin_(plugin) {}

    /// "option sev-snp.policy must be WHAT"
    [[nodiscard]] sdk::Error wrong(std::string_view key, const std::string& what) const
    {
        const std::string name = std::string(plugin_) + "." + std::string(key);
        return {TH_INVALID_ARGUMENT, "option " + name + " must be " + what, {}, name};
    }

    /// Decimal, or hexadecimal with 0x.
    [[nodiscard]] std::uint64_t number(std::string_view key, std::string_view text, std::uint64_t most) const
    {
        const int base = text.starts_with("0x") ? 16 : 10;
        const std::string_view digits = base == 16 ? text.substr(2) : text;
        std::uint64_t out = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out, base);
        if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || out > most)
            throw wrong(key, "a number, decimal or with 0x");
        return out;
    }

    template <std::size_t Size>
    [[nodiscard]] std::array<std::uint8_t, Size> exactly(std::string_view key, sdk::ByteView bytes) const
    {
        std::array<std::uint8_t, Size> out{};
        if (bytes.size() != Size)
            throw wrong(key, std::to_string(Size) + " bytes");
        std::copy(bytes.begin(), bytes.end(), out.begin());
        return out;
    }

private:
    std::string_view plugin_;
};

} // namespace teehost::kit
