// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace teehost {

/// The name of a VM: a UUID in lower case, also QEMU's -uuid and the name of its directories.
class VmId {
public:
    /// A new random one (RFC 4122, version 4).
    [[nodiscard]] static VmId random();
    /// Absent when `text` is not a UUID in its canonical lower-case form.
    [[nodiscard]] static std::optional<VmId> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    auto operator<=>(const VmId&) const = default;

private:
    explicit VmId(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

} // namespace teehost

template <>
struct std::hash<teehost::VmId> {
    std::size_t operator()(const teehost::VmId& id) const noexcept
    {
        return std::hash<std::string>{}(id.text());
    }
};
