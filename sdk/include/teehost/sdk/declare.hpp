// SPDX-License-Identifier: Apache-2.0
//
// What a plugin declares of itself at compile time: identity, options, checks.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string_view>

#include <teehost/sdk/value.hpp>

namespace teehost::sdk {

struct About {
    std::string_view id; ///< [a-z][a-z0-9-]{0,31}
    std::string_view version;
    std::string_view vendor;
    std::string_view license; ///< SPDX expression
    std::string_view summary; ///< one line
    std::uint32_t flags = 0;  ///< TH_ROLE_*, TH_PLUGIN_*
    std::string_view selectEnv = {};
};

/// Up to eight names, kept by value so that tables of them can be constexpr.
class Names {
public:
    constexpr Names() = default;
    constexpr Names(std::initializer_list<std::string_view> list)
    {
        if (list.size() > at_.size())
            throw std::length_error("at most eight names");
        for (const std::string_view name : list)
            at_[count_++] = str(name);
    }
    [[nodiscard]] constexpr const th_str* data() const noexcept { return at_.data(); }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return count_; }

private:
    std::array<th_str, 8> at_{};
    std::size_t count_ = 0;
};

struct Range {
    std::int64_t min = 0, max = 0;
};

/// One option; see th_option_spec. The flags TH_OPT_HAS_DEFAULT and TH_OPT_HAS_RANGE follow from the members.
struct Option {
    std::string_view key; ///< [a-z][a-z0-9_]*
    th_type type = TH_T_STRING;
    std::string_view help;
    std::optional<std::string_view> defaultText = {};
    Names env = {};
    Names choices = {}; ///< TH_T_ENUM only
    std::optional<Range> range = {};
    std::uint32_t flags = 0; ///< TH_OPT_REQUIRED, _SENSITIVE, _PER_VM, _RELOADABLE, _DEPRECATED, _AUTO
};

/// One check that probe or verify can report; see th_check_spec.
struct Check {
    std::string_view id;
    std::string_view title;
    std::uint32_t flags = 0; ///< TH_CHECK_*
};

[[nodiscard]] constexpr th_option_spec raw(const Option& option) noexcept
{
    const Range range = option.range.value_or(Range{});
    std::uint32_t flags = option.flags;
    if (option.defaultText)
        flags |= TH_OPT_HAS_DEFAULT;
    if (option.range)
        flags |= TH_OPT_HAS_RANGE;
    return {sizeof(th_option_spec),
            flags,
            option.type,
            0,
            str(option.key),
            str(option.help),
            str(option.defaultText.value_or("")),
            option.env.data(),
            option.env.size(),
            option.choices.data(),
            option.choices.size(),
            range.min,
            range.max};
}

[[nodiscard]] constexpr th_check_spec raw(const Check& check) noexcept
{
    return {sizeof(th_check_spec), check.flags, str(check.id), str(check.title)};
}

} // namespace teehost::sdk
