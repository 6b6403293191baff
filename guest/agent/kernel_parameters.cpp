// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/kernel_parameters.h"

#include "guest/agent/printable.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace teehost::guest {
namespace {

constexpr std::string_view kPrefix = "teehost.";
constexpr std::uint32_t kMaxDelayMs = 3'600'000;
constexpr std::uint32_t kMaxRunSeconds = 30 * 24 * 3600;

constexpr std::pair<std::string_view, Fault> kFaults[] = {
    {"poweroff", Fault::PowerOff},    {"reboot", Fault::Reboot},
    {"panic", Fault::Panic},          {"no-agent", Fault::NoAgent},
    {"end-agent", Fault::EndAgent},   {"ignore-power", Fault::IgnorePower},
    {"extend-pcr", Fault::ExtendPcr}, {"replay-quote", Fault::ReplayQuote},
    {"lie-pcrs", Fault::LiePcrs},     {"lie-key", Fault::LieKey},
};

std::optional<std::uint32_t> parseNumber(std::string_view text, std::uint32_t least, std::uint32_t most)
{
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
        return std::nullopt;
    return number;
}

bool isDeviceName(std::string_view text)
{
    const auto fits = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    };
    return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), fits);
}

/// Whether `key` is known and `value` fits it.
bool apply(KernelParameters& parameters, std::string_view key, std::string_view value)
{
    if (key == "agent_port") {
        const auto port = parseNumber(value, 1, 65535);
        if (port)
            parameters.agentPort = static_cast<std::uint16_t>(*port);
        return port.has_value();
    }
    if (key == "console") {
        if (isDeviceName(value))
            parameters.console = value;
        return isDeviceName(value);
    }
    if (key == "selftest") {
        const auto on = parseNumber(value, 0, 1);
        if (on)
            parameters.selftest = *on == 1;
        return on.has_value();
    }
    if (key == "fault") {
        const auto* fault =
            std::find_if(std::begin(kFaults), std::end(kFaults), [&](auto& f) { return f.first == value; });
        if (fault != std::end(kFaults))
            parameters.fault = fault->second;
        return fault != std::end(kFaults);
    }
    if (key == "fault_delay_ms") {
        const auto delay = parseNumber(value, 0, kMaxDelayMs);
        if (delay)
            parameters.faultDelay = std::chrono::milliseconds(*delay);
        return delay.has_value();
    }
    if (key == "run_seconds") {
        const auto limit = parseNumber(value, 1, kMaxRunSeconds);
        if (limit)
            parameters.runLimit = std::chrono::seconds(*limit);
        return limit.has_value();
    }
    return false;
}

/// Takes the first word off `text`, quotes kept: the kernel lets double quotes protect white space, and a
/// word inside another parameter's quotes must not be taken for one of ours.
std::string_view takeWord(std::string_view& text)
{
    constexpr std::string_view kSpace = " \t\n";
    text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
    bool quoted = false;
    std::size_t length = 0;
    for (; length < text.size(); ++length) {
        if (text[length] == '"')
            quoted = !quoted;
        else if (!quoted && kSpace.find(text[length]) != std::string_view::npos)
            break;
    }
    const auto word = text.substr(0, length);
    text.remove_prefix(length);
    return word;
}

} // namespace

KernelParameters parseKernelParameters(std::string_view commandLine)
{
    KernelParameters parameters;
    for (auto word = takeWord(commandLine); !word.empty(); word = takeWord(commandLine)) {
        if (!word.starts_with(kPrefix))
            continue;
        const auto equals = std::min(word.find('='), word.size());
        const auto key = word.substr(kPrefix.size(), equals - std::min(equals, kPrefix.size()));
        const auto value = equals < word.size() ? word.substr(equals + 1) : std::string_view();
        if (!apply(parameters, key, value))
            parameters.problems.push_back("kernel parameter not understood: " + printable(word));
    }
    return parameters;
}

} // namespace teehost::guest
