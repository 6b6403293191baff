// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/time.h"

#include <array>
#include <charconv>
#include <ctime>

namespace teehost::kit {

std::string timeText(UnixSeconds at)
{
    std::tm parts{};
    std::array<char, 32> text{};
    if (::gmtime_r(&at, &parts) == nullptr ||
        std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        return std::to_string(at);
    return text.data();
}

std::optional<UnixSeconds> timeFromText(std::string_view text)
{
    constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:ddZ";
    if (text.size() != kForm.size())
        return std::nullopt;
    for (std::size_t i = 0; i < kForm.size(); ++i)
        if (kForm[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != kForm[i])
            return std::nullopt;
    const auto number = [text](std::size_t at, std::size_t digits) {
        int value = 0;
        std::from_chars(text.data() + at, text.data() + at + digits, value);
        return value;
    };
    std::tm parts{};
    parts.tm_year = number(0, 4) - 1900;
    parts.tm_mon = number(5, 2) - 1;
    parts.tm_mday = number(8, 2);
    parts.tm_hour = number(11, 2);
    parts.tm_min = number(14, 2);
    parts.tm_sec = number(17, 2);
    const UnixSeconds at = ::timegm(&parts);
    // timegm makes 1 March of 30 February.
    return at >= 0 && timeText(at) == text ? std::optional(at) : std::nullopt;
}

} // namespace teehost::kit
