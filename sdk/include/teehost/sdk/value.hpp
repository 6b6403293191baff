// SPDX-License-Identifier: Apache-2.0
//
// Between C++ views and the C vocabulary of plugin.h.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <teehost/plugin.h>

namespace teehost::sdk {

using ByteView = std::span<const std::uint8_t>;

[[nodiscard]] constexpr th_str str(std::string_view text) noexcept { return {text.data(), text.size()}; }
[[nodiscard]] constexpr th_bytes bytes(ByteView data) noexcept { return {data.data(), data.size()}; }
[[nodiscard]] constexpr std::string_view view(th_str text) noexcept
{
    return text.len == 0 ? std::string_view() : std::string_view(text.ptr, text.len);
}
[[nodiscard]] constexpr ByteView view(th_bytes data) noexcept
{
    return data.len == 0 ? ByteView() : ByteView(data.ptr, data.len);
}

/// A claim's value, or one side of a comparison. A view: valid while what it was made from is.
class Value {
public:
    constexpr Value() noexcept = default; ///< nothing
    constexpr explicit(false) Value(std::same_as<bool> auto flag) noexcept : raw_{TH_T_BOOL, 0, 0, flag, {}, {}} {}
    template <class T>
    requires(std::signed_integral<T> && !std::same_as<T, bool>) constexpr explicit(false) Value(T number) noexcept
        : raw_{TH_T_INT, 0, number, 0, {}, {}}
    {
    }
    template <class T>
    requires(std::unsigned_integral<T> && !std::same_as<T, bool>) constexpr explicit(false) Value(T number) noexcept
        : raw_{TH_T_UINT, 0, 0, number, {}, {}}
    {
    }
    template <class T>
    requires std::convertible_to<T, std::string_view>
    constexpr explicit(false) Value(const T& text) noexcept : raw_{TH_T_STRING, 0, 0, 0, str(text), {}} {}
    constexpr explicit(false) Value(ByteView data) noexcept : raw_{TH_T_BYTES, 0, 0, 0, {}, bytes(data)} {}
    explicit(false) Value(const std::vector<std::uint8_t>& data) noexcept : Value(ByteView(data)) {}

    [[nodiscard]] constexpr const th_value& raw() const noexcept { return raw_; }

private:
    th_value raw_{};
};

/// `key=value` of a QEMU option. Values are written as they are meant: the host escapes.
struct Property {
    std::string_view key;
    std::string_view value;
};

/// Properties from a braced list or from a vector; converts to what a sink takes.
class Properties {
public:
    Properties() = default;
    Properties(std::initializer_list<Property> list) : Properties(std::span(list.begin(), list.size())) {}
    explicit(false) Properties(const std::vector<Property>& list) : Properties(std::span(list)) {}
    explicit Properties(std::span<const Property> list)
    {
        raw_.reserve(list.size());
        for (const Property& property : list)
            raw_.push_back({str(property.key), str(property.value)});
    }

    [[nodiscard]] const th_kv* data() const noexcept { return raw_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return raw_.size(); }

private:
    std::vector<th_kv> raw_;
};

/// Strings from a list of views; converts to what a sink takes.
class Strings {
public:
    Strings() = default;
    Strings(std::initializer_list<std::string_view> list) { append(std::span(list.begin(), list.size())); }
    explicit(false) Strings(const std::vector<std::string>& list)
    {
        for (const std::string& text : list)
            raw_.push_back(str(text));
    }
    explicit Strings(std::span<const std::string_view> list) { append(list); }

    [[nodiscard]] const th_str* data() const noexcept { return raw_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return raw_.size(); }

private:
    void append(std::span<const std::string_view> list)
    {
        for (const std::string_view text : list)
            raw_.push_back(str(text));
    }
    std::vector<th_str> raw_;
};

} // namespace teehost::sdk
