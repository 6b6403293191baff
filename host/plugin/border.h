// SPDX-License-Identifier: Apache-2.0
//
// Values across the C border: views of ours for the plugin, checked copies of what the plugin gives. Private
// to host/plugin, like all headers that speak of th_ types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/error.h"
#include "host/plugin/evidence.h"
#include "host/plugin/fragment.h"
#include "host/plugin/released_sizes.h"
#include "teehost/plugin.h"

namespace teehost::plugin {

// Limits of plugin.h, "Rules that the types cannot say".
constexpr std::size_t kMaxText = 64u << 10;
constexpr std::size_t kMaxBytes = 16u << 20;
constexpr std::size_t kMaxItems = 4096;

[[nodiscard]] inline th_str give(std::string_view text) noexcept { return {text.data(), text.size()}; }
[[nodiscard]] inline th_bytes give(const Bytes& bytes) noexcept { return {bytes.data(), bytes.size()}; }
[[nodiscard]] th_value giveValue(const ClaimValue& value) noexcept;

/// A copy. Throws InvalidArgument for what is not UTF-8, has a NUL inside or a null pointer with a length,
/// and ResourceExhausted for what is too long; `what` names it in the message.
[[nodiscard]] std::string takeText(th_str text, std::string_view what);
/// The same, not empty.
[[nodiscard]] std::string takeName(th_str text, std::string_view what);
[[nodiscard]] Bytes takeBytes(th_bytes bytes, std::string_view what);
[[nodiscard]] std::vector<std::string> takeTexts(const th_str* list, std::size_t count,
                                                 std::string_view what);
/// Keys must be words of letters, digits and `._-`; the same key twice is AlreadyExists.
[[nodiscard]] Properties takeProperties(const th_kv* list, std::size_t count, std::string_view what);
[[nodiscard]] ClaimValue takeClaim(const th_value& value, std::string_view what);
[[nodiscard]] Named takeNamed(const th_named& named, std::string_view what);
/// A digest, as long as its algorithm says. Unimplemented for an algorithm we do not know.
[[nodiscard]] Register takeRegister(th_str name, th_alg alg, th_bytes digest, std::string_view what);

/// Throws InvalidArgument when a struct made by the plugin is null or shorter than in release 1.0.
void expectSize(const std::uint32_t* struct_size, std::size_t size_of_1_0, std::string_view what);
template <class T>
void expectStruct(const T* made, std::string_view what)
{
    static_assert(kSize1_0<T> != 0 && kSize1_0<T> <= sizeof(T));
    expectSize(made == nullptr ? nullptr : &made->struct_size, kSize1_0<T>, what);
}

/// Unknown numbers count as Unknown.
[[nodiscard]] Category toCategory(th_status status) noexcept;

/// `text` within the limits and with what is not UTF-8 replaced: for words that are only shown.
[[nodiscard]] std::string lenientText(th_str text);

/// [a-z][a-z0-9-]{0,31}: ids of plugins and names of sidecars.
[[nodiscard]] bool isPluginId(std::string_view text) noexcept;

} // namespace teehost::plugin
