// SPDX-License-Identifier: Apache-2.0
#include "support/proc.h"

#include <csignal>
#include <stdexcept>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <arpa/inet.h>
#include <sys/stat.h>

#include "support/files.h"

namespace teehost::test {
namespace {

namespace fs = std::filesystem;

std::vector<pid_t> allProcesses()
{
    std::vector<pid_t> pids;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
        const std::string name = entry.path().filename();
        if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; }))
            pids.push_back(static_cast<pid_t>(std::stol(name)));
    }
    return pids;
}

std::string addressText(const std::string& hex)
{
    if (hex.size() != 8)
        return hex;
    in_addr address{};
    address.s_addr = static_cast<in_addr_t>(std::stoul(hex, nullptr, 16)); // printed in the host's byte order
    char text[INET_ADDRSTRLEN];
    return ::inet_ntop(AF_INET, &address, text, sizeof text);
}

void addListeners(const char* table, std::vector<Listener>& into)
{
    constexpr std::string_view kListen = "0A";
    std::ifstream file(table);
    std::string line;
    std::getline(file, line); // the heading
    while (std::getline(file, line)) {
        std::istringstream fields(line);
        std::string number, local, remote, state;
        fields >> number >> local >> remote >> state;
        const auto colon = local.find(':');
        if (state == kListen && colon != std::string::npos)
            into.push_back({addressText(local.substr(0, colon)),
                            static_cast<std::uint16_t>(std::stoul(local.substr(colon + 1), nullptr, 16))});
    }
}

} // namespace

std::vector<std::string> argvOf(pid_t pid)
{
    const std::string all = readFile("/proc/" + std::to_string(pid) + "/cmdline");
    std::vector<std::string> argv;
    for (std::size_t at = 0; at < all.size();) {
        const auto end = std::min(all.find('\0', at), all.size());
        argv.push_back(all.substr(at, end - at));
        at = end + 1;
    }
    return argv;
}

std::vector<pid_t> processesWith(std::string_view words)
{
    auto pids = allProcesses();
    std::erase_if(pids, [&](pid_t pid) {
        const auto argv = argvOf(pid);
        return std::none_of(argv.begin(), argv.end(), [&](const std::string& argument) {
            return argument.find(words) != argument.npos;
        });
    });
    return pids;
}

std::vector<pid_t> childrenOf(pid_t pid)
{
    auto pids = allProcesses();
    std::erase_if(pids, [&](pid_t candidate) { return statusOf(candidate, "PPid") != std::to_string(pid); });
    return pids;
}

std::string statusOf(pid_t pid, std::string_view field)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(std::string(field) + ":")) {
            const auto begin = line.find_first_not_of(" \t", field.size() + 1);
            return begin == std::string::npos ? "" : line.substr(begin);
        }
    return {};
}

bool exists(pid_t pid)
{
    struct stat status {};
    return ::stat(("/proc/" + std::to_string(pid)).c_str(), &status) == 0;
}

std::vector<Listener> listeners()
{
    std::vector<Listener> all;
    addListeners("/proc/net/tcp", all);
    addListeners("/proc/net/tcp6", all);
    return all;
}

void sendSignal(pid_t pid, int number)
{
    if (pid <= 0)
        throw std::invalid_argument("there is no process to send a signal to");
    ::kill(pid, number);
}

} // namespace teehost::test
