// SPDX-License-Identifier: Apache-2.0
#include "host/attest/plain_url.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "host/base/text.h"

namespace teehost::attest {
namespace {

constexpr std::string_view kScheme = "https://";
constexpr std::size_t kMaxUrlBytes = 2048;
constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
constexpr std::string_view kAddressCharacters = "abcdefABCDEF0123456789.:";

/// Returns how long the host at the start of `text` is; 0 when there is none.
std::size_t hostLength(std::string_view text)
{
    if (!text.starts_with('['))
        return std::min(text.find_first_not_of(kNameCharacters), text.size());
    const auto end = text.find_first_not_of(kAddressCharacters, 1);
    return end == std::string_view::npos || end == 1 || text[end] != ']' ? 0 : end + 1;
}

/// Takes ":PORT" from the front of `text`, and returns 443 when there is none; 0 for what is no port.
unsigned takePort(std::string_view& text)
{
    constexpr unsigned kUsual = 443, kLast = 65535;
    if (!text.starts_with(':'))
        return kUsual;
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), port);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc() && port <= kLast ? port : 0;
}

} // namespace

std::optional<HttpsUrl> plainHttpsUrl(const std::string& text)
{
    const auto isPlain = [](char c) { return c > ' ' && c <= '~' && c != '\\'; };
    if (text.size() > kMaxUrlBytes || !text.starts_with(kScheme) ||
        !std::all_of(text.begin(), text.end(), isPlain))
        return std::nullopt;
    std::string_view rest(text);
    rest.remove_prefix(kScheme.size());
    const auto host = rest.substr(0, hostLength(rest));
    rest.remove_prefix(host.size());
    const unsigned port = takePort(rest);
    if (host.empty() || port == 0 || !rest.starts_with('/'))
        return std::nullopt;
    return HttpsUrl{text, lowerCase(host), port};
}

} // namespace teehost::attest
