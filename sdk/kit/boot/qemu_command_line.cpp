// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/qemu_command_line.h"

#include <algorithm>
#include <iterator>

namespace teehost::kit {
namespace {

/// The options of QEMU 7.2 that no value follows (qemu-options.hx, those without HAS_ARG).
bool standsAlone(std::string_view option)
{
    constexpr std::string_view kNames[] = {"-nodefaults",
                                           "-no-user-config",
                                           "-nographic",
                                           "-no-reboot",
                                           "-no-shutdown",
                                           "-S",
                                           "-daemonize",
                                           "-enable-kvm",
                                           "-snapshot",
                                           "-no-acpi",
                                           "-no-hpet",
                                           "-no-fd-bootchk",
                                           "-win2k-hack",
                                           "-full-screen",
                                           "-usb",
                                           "-mem-prealloc",
                                           "-singlestep",
                                           "-preconfig",
                                           "-only-migratable",
                                           "-xen-attach",
                                           "-xen-domid-restrict",
                                           "-semihosting",
                                           "-old-param",
                                           "-enable-sync-profile",
                                           "-portrait",
                                           "-curses",
                                           "-h",
                                           "-help",
                                           "-version"};
    return std::find(std::begin(kNames), std::end(kNames), option) != std::end(kNames);
}

} // namespace

QemuOptions parseQemuOptions(std::string_view text)
{
    QemuOptions out;
    std::string item;
    bool first = true;
    const auto take = [&] {
        const std::size_t equals = item.find('=');
        if (equals != std::string::npos)
            out[item.substr(0, equals)] = item.substr(equals + 1);
        else
            out[first ? "" : item] = first ? item : "on"; // QEMU's old form of a switch
        first = false;
        item.clear();
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != ',')
            item += text[i];
        else if (i + 1 < text.size() && text[i + 1] == ',')
            item += text[++i];
        else
            take();
    }
    take();
    return out;
}

std::string valueOf(const QemuOptions& options, std::string_view key, std::string_view absent)
{
    const auto found = options.find(key);
    return found == options.end() ? std::string(absent) : found->second;
}

bool isOff(std::string_view value) noexcept { return value == "off" || value == "no" || value == "false"; }

std::optional<std::uint64_t> qemuMemory(std::string_view text)
{
    unsigned shift = 20;
    if (!text.empty() && (text.back() < '0' || text.back() > '9')) {
        constexpr std::string_view kUnits = "BKMGT";
        const char unit = static_cast<char>(text.back() & ~0x20);
        const std::size_t index = kUnits.find(unit);
        if (index == std::string_view::npos)
            return std::nullopt;
        shift = static_cast<unsigned>(index) * 10;
        text.remove_suffix(1);
    }
    const auto number = numberOf<std::uint64_t>(text);
    if (!number || *number > UINT64_MAX >> shift)
        return std::nullopt;
    return *number << shift;
}

QemuCommandLine::QemuCommandLine(std::span<const std::string_view> args)
{
    for (std::size_t i = 0; i < args.size(); ++i) {
        std::string_view name = args[i];
        if (name.starts_with("--"))
            name.remove_prefix(1);
        const bool hasValue = !standsAlone(name) && i + 1 < args.size();
        options_.emplace_back(name, hasValue ? args[i + 1] : std::string_view());
        i += hasValue ? 1 : 0;
    }
}

bool QemuCommandLine::has(std::string_view name) const
{
    return std::any_of(options_.begin(), options_.end(),
                       [&](const auto& option) { return option.first == name; });
}

std::vector<std::string_view> QemuCommandLine::all(std::string_view name) const
{
    std::vector<std::string_view> out;
    for (const auto& [key, value] : options_)
        if (key == name)
            out.push_back(value);
    return out;
}

QemuOptions QemuCommandLine::merged(std::string_view name, std::string_view implied) const
{
    QemuOptions out;
    for (const std::string_view text : all(name))
        for (auto& [key, value] : parseQemuOptions(text))
            out.insert_or_assign(key.empty() ? std::string(implied) : key, value);
    return out;
}

} // namespace teehost::kit
