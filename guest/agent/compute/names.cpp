// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/compute/names.h"

#include <algorithm>

namespace teehost::guest {

bool isFileName(std::string_view name) noexcept
{
    const auto fits = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x20 && byte != 0x7f && c != '/' && c != '\\';
    };
    return !name.empty() && name.size() <= kMaxNameBytesOfFile && name != "." && name != ".." &&
           std::all_of(name.begin(), name.end(), fits);
}

std::optional<std::vector<std::string>> pathParts(std::string_view path)
{
    if (path.ends_with('/'))
        path.remove_suffix(1);
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= path.size();) {
        const auto end = std::min(path.find('/', at), path.size());
        const auto part = path.substr(at, end - at);
        if (!isFileName(part) || parts.size() == kMaxPathParts)
            return std::nullopt;
        parts.emplace_back(part);
        at = end + 1;
    }
    return parts;
}

} // namespace teehost::guest
