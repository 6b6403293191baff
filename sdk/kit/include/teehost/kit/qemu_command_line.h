// SPDX-License-Identifier: Apache-2.0
//
// A QEMU command line (without argv[0]) read the way QEMU reads it, as far as a plugin has to know what
// machine it makes.
//
//     const QemuCommandLine line(args);
//     valueOf(line.merged("-machine", "type"), "hpet", "on")
#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace teehost::kit {

/// "q35,smm=on,size=1,,5": the first without a key is at "", a doubled comma is one.
using QemuOptions = std::map<std::string, std::string, std::less<>>;

[[nodiscard]] QemuOptions parseQemuOptions(std::string_view text);
[[nodiscard]] std::string valueOf(const QemuOptions& options, std::string_view key,
                                  std::string_view absent = "");
/// Of a switch.
[[nodiscard]] bool isOff(std::string_view value) noexcept;

/// Nothing for what is not a decimal number from end to end.
template <class Number>
[[nodiscard]] std::optional<Number> numberOf(std::string_view text)
{
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

inline constexpr std::uint64_t kMostQemuMemory = 1ull << 50; ///< more is a mistake, and must not overflow
/// "1024" (MiB), "1024M", "1G", "1073741824B"
[[nodiscard]] std::optional<std::uint64_t> qemuMemory(std::string_view text);

/// Views of the arguments, which must outlive it.
class QemuCommandLine {
public:
    explicit QemuCommandLine(std::span<const std::string_view> args);

    [[nodiscard]] bool empty() const noexcept { return options_.empty(); }
    [[nodiscard]] bool has(std::string_view name) const;
    /// All values of an option, in order.
    [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
    /// Of an option whose occurrences QEMU merges, the later winning. `implied` is the key of a value
    /// without.
    [[nodiscard]] QemuOptions merged(std::string_view name, std::string_view implied) const;

private:
    std::vector<std::pair<std::string_view, std::string_view>> options_;
};

} // namespace teehost::kit
