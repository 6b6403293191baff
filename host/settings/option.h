// SPDX-License-Identifier: Apache-2.0
//
// An option's description, and the values it can have. The host's options are declared in host_options.cpp,
// those of a plugin in the plugin; both end up in one OptionTable and are layered and validated alike.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace teehost::settings {

enum class OptionType {
    Bool, ///< true, false, yes, no, on, off, 1, 0
    Int,
    UInt,
    Ratio, ///< 0.0 to 1.0
    String,
    Bytes,    ///< hexadecimal
    Path,     ///< made absolute against the working directory the daemon was started in
    Size,     ///< bytes; text 2048M, 25G (powers of 1024)
    Duration, ///< text 250ms, 60s, 5m, 1h30m
    Enum,     ///< one of the declared choices
    List,     ///< strings, separated by commas
    Port,     ///< 0 to 65535
};

[[nodiscard]] std::string_view typeName(OptionType type) noexcept;

struct OptionSpec {
    std::string key;                   ///< name in the file: "qemu.smp.count", "sev-snp.cbitpos"
    std::vector<std::string> env = {}; ///< environment names, the first one set wins
    OptionType type = OptionType::String;
    std::optional<std::string> defaultText =
        {};                   ///< parsed like any other text; absent: no value unless one is given
    std::string section = {}; ///< heading in listings: "Service", "QEMU", "plugin plain-kvm"
    std::vector<std::string> choices =
        {}; ///< of an Enum; of a Path: words that stand for themselves, such as "none"
    std::optional<std::int64_t> min = {},
                                max = {}; ///< Int, UInt, Port; Size in bytes; Duration in nanoseconds
    bool required = false;
    bool sensitive = false; ///< masked wherever values are shown
    bool perVm = false;     ///< a request may override it
    bool reloadable = false;
    bool deprecated = false; ///< accepted for old files, has no effect; named once in the log
    bool allowAuto = false;  ///< the word "auto" is a value
    std::string help = {};   ///< one sentence, units included
};

struct Auto {
    bool operator==(const Auto&) const = default;
};
using ByteString = std::vector<std::uint8_t>;
/// Int -> int64_t; UInt, Port, Size -> uint64_t; Duration -> nanoseconds; String, Path, Enum -> string.
using Value = std::variant<Auto, bool, std::int64_t, std::uint64_t, double, std::string, ByteString,
                           std::chrono::nanoseconds, std::vector<std::string>>;

/// Parses `text` as a value of `spec`. Throws InvalidArgument that says what is allowed; never shows a
/// sensitive text. `baseDir` is what a relative Path is resolved against.
[[nodiscard]] Value parseValue(const OptionSpec& spec, std::string_view text, const std::string& baseDir);

} // namespace teehost::settings
