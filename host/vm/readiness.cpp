// SPDX-License-Identifier: Apache-2.0
#include "host/vm/readiness.h"

#include <algorithm>
#include <array>
#include <utility>

namespace teehost::vm {
namespace {

constexpr std::array<std::pair<UpWhen, std::string_view>, 3> kUpWhenNames{
    {{UpWhen::Port, "port"}, {UpWhen::Guest, "guest"}, {UpWhen::None, "none"}}};
constexpr std::array<std::pair<UpSignal, std::string_view>, 4> kSignalNames{{{UpSignal::None, "none"},
                                                                             {UpSignal::Console, "console"},
                                                                             {UpSignal::Guest, "guest"},
                                                                             {UpSignal::Port, "port"}}};

template <class Value, std::size_t Size>
std::string_view nameOf(const std::array<std::pair<Value, std::string_view>, Size>& names,
                        Value value) noexcept
{
    const auto* const it =
        std::find_if(names.begin(), names.end(), [&](const auto& entry) { return entry.first == value; });
    return it == names.end() ? "unknown" : it->second;
}

template <class Value, std::size_t Size>
std::optional<Value> valueOf(const std::array<std::pair<Value, std::string_view>, Size>& names,
                             std::string_view name) noexcept
{
    for (const auto& [value, text] : names)
        if (text == name)
            return value;
    return std::nullopt;
}

} // namespace

std::string_view upWhenName(UpWhen when) noexcept { return nameOf(kUpWhenNames, when); }
std::optional<UpWhen> parseUpWhen(std::string_view name) noexcept { return valueOf(kUpWhenNames, name); }
std::string_view signalName(UpSignal signal) noexcept { return nameOf(kSignalNames, signal); }
std::optional<UpSignal> parseSignal(std::string_view name) noexcept { return valueOf(kSignalNames, name); }

bool isUp(UpWhen when, UpSignal signal) noexcept
{
    switch (when) {
    case UpWhen::None:
        return true;
    case UpWhen::Guest:
        return signal != UpSignal::None;
    case UpWhen::Port:
        break;
    }
    return signal == UpSignal::Port;
}

bool isHealthy(UpWhen when, agent::Answer answer) noexcept
{
    return agent::isListening(answer) || (when == UpWhen::Guest && answer == agent::Answer::Refused);
}

std::string upMessage(UpWhen when, UpSignal signal, agent::Answer answer, const std::string& address)
{
    switch (signal) {
    case UpSignal::Port:
        return "the agent answers on " + address + " (" + std::string(agent::answerName(answer)) + ")";
    case UpSignal::Guest:
        return "the guest's network answers; no program listens on the agent's port yet";
    case UpSignal::Console:
        return "the console shows the boot marker; no program listens on the agent's port yet";
    case UpSignal::None:
        break;
    }
    return when == UpWhen::None ? "QEMU runs; the guest is not asked (ready: none)" : "the guest is silent";
}

} // namespace teehost::vm
