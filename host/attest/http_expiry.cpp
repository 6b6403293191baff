// SPDX-License-Identifier: Apache-2.0
#include "host/attest/http_expiry.h"

#include <algorithm>
#include <ctime>

#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::attest {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kHeuristicSeconds = 3600;
constexpr std::int64_t kMostSeconds = 366LL * 24 * 3600; // what says more is not believed

/// Not more than a year; nothing for what is no number. One too large for 64 bits counts as a year.
std::optional<std::int64_t> readSeconds(std::string_view text)
{
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    constexpr std::size_t kDigits = 9;
    return text.size() > kDigits
               ? kMostSeconds
               : std::min<std::int64_t>(static_cast<std::int64_t>(parseUnsigned(text)), kMostSeconds);
}

std::optional<std::int64_t> readDate(std::string_view text)
{
    // RFC 9110, section 5.6.7: the form in use, and the two obsolete ones that are to be understood as well.
    for (const char* form :
         {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"}) {
        std::tm parts{};
        const std::string terminated(text);
        const char* end = ::strptime(terminated.c_str(), form, &parts);
        if (end != nullptr && *end == '\0')
            return ::timegm(&parts);
    }
    return std::nullopt;
}

/// The directives of every Cache-Control header.
std::vector<std::string> directives(const Headers& headers)
{
    std::vector<std::string> out;
    for (const auto& [name, value] : headers)
        if (name == "cache-control")
            for (const auto& part : split(value, ','))
                out.push_back(lowerCase(trim(part)));
    return out;
}

bool has(const std::vector<std::string>& directives, std::string_view wanted)
{
    return std::find(directives.begin(), directives.end(), wanted) != directives.end();
}

std::optional<std::int64_t> maxAge(const std::vector<std::string>& directives)
{
    constexpr std::string_view kName = "max-age=";
    for (const auto& directive : directives)
        if (directive.starts_with(kName))
            return readSeconds(std::string_view(directive).substr(kName.size())).value_or(0);
    return std::nullopt;
}

} // namespace

std::string_view headerNamed(const Headers& headers, std::string_view name)
{
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const auto& header) { return header.first == name; });
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

bool forbidsStoring(const Headers& headers) { return has(directives(headers), "no-store"); }

std::int64_t freshUntil(const Headers& headers, std::int64_t fetchedNs)
{
    const auto control = directives(headers);
    if (has(control, "no-cache"))
        return fetchedNs;
    if (const auto seconds = maxAge(control)) {
        const auto passed = readSeconds(headerNamed(headers, "age")).value_or(0);
        return fetchedNs + std::max<std::int64_t>(*seconds - passed, 0) * kSecond;
    }
    if (const auto expires = headerNamed(headers, "expires"); !expires.empty()) {
        // One that cannot be read means "already expired"; the origin's own clock is what it counts by.
        const auto at = readDate(expires);
        const auto date = readDate(headerNamed(headers, "date")).value_or(fetchedNs / kSecond);
        return fetchedNs + (at ? std::clamp<std::int64_t>(*at - date, 0, kMostSeconds) : 0) * kSecond;
    }
    return fetchedNs + kHeuristicSeconds * kSecond;
}

std::optional<std::chrono::seconds> retryAfter(const Headers& headers, std::int64_t nowNs)
{
    const auto text = trim(headerNamed(headers, "retry-after"));
    if (const auto seconds = readSeconds(text))
        return std::chrono::seconds(*seconds);
    if (const auto date = readDate(text); date && !text.empty())
        return std::chrono::seconds(std::clamp<std::int64_t>(*date - nowNs / kSecond, 0, kMostSeconds));
    return std::nullopt;
}

} // namespace teehost::attest
