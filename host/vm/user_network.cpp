// SPDX-License-Identifier: Apache-2.0
#include "host/vm/user_network.h"

#include <string>
#include <vector>

#include "host/base/text.h"

namespace teehost::vm {
namespace {

constexpr std::size_t kMostLines = 1024;
constexpr std::size_t kDestinationPort = 5; // state, descriptor, source, its port, destination, its port

} // namespace

std::size_t countEstablished(std::string_view table, std::uint16_t guestPort)
{
    const std::string wanted = std::to_string(guestPort);
    std::size_t lines = 0, found = 0;
    for (const auto& line : split(table, '\n')) {
        if (++lines > kMostLines)
            break;
        std::vector<std::string> words = split(trim(line), ' ');
        std::erase_if(words, [](const std::string& word) { return trim(word).empty(); });
        if (words.size() > kDestinationPort && words[0] == "TCP[ESTABLISHED]" &&
            trim(words[kDestinationPort]) == wanted)
            ++found;
    }
    return found;
}

} // namespace teehost::vm
