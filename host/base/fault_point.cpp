// SPDX-License-Identifier: Apache-2.0
#include "host/base/fault_point.h"

#ifdef TEEHOST_FAULTS

#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include <csignal>
#include <unistd.h>

#include "host/base/text.h"

namespace teehost {
namespace {

struct Fault {
    std::string action;
    std::uint64_t left = ~std::uint64_t{0}, spared = 0;
};

std::map<std::string, Fault> faultsOfEnvironment()
{
    std::map<std::string, Fault> faults;
    const char* text = std::getenv("TEEHOST_FAULT");
    for (const auto& entry : split(text == nullptr ? "" : text, ',')) {
        const auto parts = split(entry, ':');
        if (parts.size() >= 2)
            faults[parts[0]] = {parts[1], parts.size() > 2 ? parseUnsigned(parts[2]) : ~std::uint64_t{0},
                                parts.size() > 3 ? parseUnsigned(parts[3]) : 0};
    }
    return faults;
}

} // namespace

int faultPoint(const char* name)
{
    static std::mutex mutex;
    static auto faults = faultsOfEnvironment();
    std::string action;
    {
        const std::lock_guard lock(mutex);
        const auto it = faults.find(name);
        if (it == faults.end() || it->second.left == 0)
            return 0;
        if (it->second.spared > 0) {
            --it->second.spared;
            return 0;
        }
        --it->second.left;
        action = it->second.action;
    }
    if (action == "kill")
        ::kill(::getpid(), SIGKILL);
    else if (action == "stop")
        ::kill(::getpid(), SIGSTOP);
    else if (action.starts_with("delay="))
        std::this_thread::sleep_for(std::chrono::milliseconds(parseUnsigned(action.substr(6))));
    else if (action.starts_with("errno="))
        return static_cast<int>(parseUnsigned(action.substr(6)));
    return 0;
}

std::chrono::seconds faultClockOffset()
{
    const char* path = std::getenv("TEEHOST_FAULT_CLOCK");
    long offset = 0;
    if (path != nullptr)
        std::ifstream(path) >> offset;
    return std::chrono::seconds(offset);
}

std::string faultBootId()
{
    const char* id = std::getenv("TEEHOST_FAULT_BOOT_ID");
    return id == nullptr ? "" : id;
}

} // namespace teehost

#endif
