// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/cvms/endpoint.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include <arpa/inet.h>

namespace teehost::guest {
namespace {

constexpr std::size_t kMaxNameBytes = 253; // RFC 1035, section 2.3.4

bool isPort(std::string_view text)
{
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc() && end == text.data() + text.size() && port != 0;
}

bool isAddress(int family, const std::string& text)
{
    in6_addr ignored{};
    return ::inet_pton(family, text.c_str(), &ignored) == 1;
}

bool isHostName(std::string_view text)
{
    return !text.empty() && text.size() <= kMaxNameBytes && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.' || c == '_';
    });
}

} // namespace

std::optional<std::string> targetOf(std::string_view text)
{
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || !isPort(text.substr(colon + 1)))
        return std::nullopt;
    const std::string host(text.substr(0, colon));
    const std::string port(text.substr(colon));
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        if (!isAddress(AF_INET6, host.substr(1, host.size() - 2)))
            return std::nullopt;
        return "ipv6:" + host + port;
    }
    if (isAddress(AF_INET, host))
        return "ipv4:" + host + port;
    if (!isHostName(host))
        return std::nullopt;
    return "dns:///" + host + port;
}

} // namespace teehost::guest
