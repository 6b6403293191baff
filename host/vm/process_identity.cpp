// SPDX-License-Identifier: Apache-2.0
#include "host/vm/process_identity.h"

#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/base/fault_point.h"
#include "host/base/pidfd.h"
#include "host/base/text.h"

namespace teehost::vm {
namespace {

struct Stat {
    char state = '?';
    std::uint64_t startTicks = 0;
};

std::optional<Stat> readStat(pid_t pid)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(file, line);
    const auto close = line.rfind(')'); // the program's name is in parentheses and may contain anything
    if (close == std::string::npos)
        return std::nullopt;
    std::istringstream fields(line.substr(close + 1));
    Stat stat;
    std::string field;
    fields >> stat.state;
    for (int i = 4; i <= 22; ++i)
        if (!(fields >> field))
            return std::nullopt;
    stat.startTicks = parseUnsigned(field);
    return stat;
}

} // namespace

const std::string& bootId()
{
    static const std::string id = [] {
        if (auto given = faultBootId(); !given.empty())
            return given;
        std::ifstream file("/proc/sys/kernel/random/boot_id");
        std::string text;
        file >> text;
        // An empty one would tell the next daemon that every process is of another boot.
        if (text.empty())
            throw Error(Category::ResourceExhausted, "cannot read /proc/sys/kernel/random/boot_id",
                        "mount /proc, and raise the daemon's limit on open files");
        return text;
    }();
    return id;
}

store::ProcessRow identityOf(pid_t pid)
{
    const auto stat = readStat(pid);
    if (!stat) // without it the next daemon would take the process for gone, and lose it
        throw Error(Category::ResourceExhausted, "cannot read /proc/" + std::to_string(pid) + "/stat",
                    "raise the daemon's limit on open files");
    return {bootId(), pid, stat->startTicks};
}

std::optional<std::vector<std::string>> commandLine(pid_t pid)
{
    const std::string path = "/proc/" + std::to_string(pid) + "/cmdline";
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return errno == ENOENT ? std::optional(std::vector<std::string>()) : std::nullopt;
    std::string bytes;
    char buffer[4096];
    ssize_t got = 0;
    while ((got = ::read(fd.get(), buffer, sizeof buffer)) > 0)
        bytes.append(buffer, static_cast<std::size_t>(got));
    if (got < 0 && errno != ESRCH)
        return std::nullopt;
    std::vector<std::string> arguments;
    for (std::size_t at = 0; at < bytes.size();) {
        const auto end = std::min(bytes.find('\0', at), bytes.size());
        arguments.push_back(bytes.substr(at, end - at));
        at = end + 1;
    }
    return arguments;
}

Found findProcess(const store::ProcessRow& identity,
                  const std::function<bool(const std::vector<std::string>&)>& isOurs)
{
    if (identity.bootId != bootId() || identity.pid <= 0)
        return {};
    const auto pid = static_cast<pid_t>(identity.pid);
    UniqueFd pidfd = openPidfd(pid);
    if (!pidfd)
        return {errno == ESRCH || errno == EINVAL ? Presence::Gone : Presence::Unknown, {}};
    // Read after the pidfd is held, and believed only if the process still lives then: so it is about that
    // one.
    const auto stat = readStat(pid);
    const auto arguments = commandLine(pid);
    if (hasEnded(pidfd.get()))
        return {};
    if (!stat || !arguments)
        return {Presence::Unknown, {}};
    if (stat->startTicks != identity.startTicks || stat->state == 'Z' || stat->state == 'X')
        return {};
    if (isOurs(*arguments))
        return {Presence::Alive, std::move(pidfd)};
    const bool launching = !arguments->empty() && arguments->front().ends_with("/teehost-launch");
    if (launching)
        return {Presence::Alive, std::move(pidfd), true};
    return {Presence::Foreign, {}};
}

bool isQemuOf(const std::string& vmId, const std::vector<std::string>& arguments)
{
    for (std::size_t i = 0; i + 1 < arguments.size(); ++i)
        if (arguments[i] == "-uuid" && arguments[i + 1] == vmId)
            return true;
    return false;
}

std::uint64_t oomKills()
{
    std::ifstream file("/proc/vmstat");
    std::string name;
    std::uint64_t value = 0;
    while (file >> name >> value)
        if (name == "oom_kill")
            return value;
    return 0;
}

bool wasOomKilled(const store::ProcessRow& process, std::uint64_t killsAtStart)
{
    const UniqueFd log(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!log)
        return oomKills() > killsAtStart;
    // "3,523,15848670163,-;Memory cgroup out of memory: Killed process 9153 (qemu-system-x86) ..."
    // (Documentation/ABI/testing/dev-kmsg: priority, number, µs since the boot, flags; a record a read)
    const std::string words = "Killed process " + std::to_string(process.pid) + " (";
    const auto startUs = process.startTicks * 1'000'000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    char record[8192];
    ssize_t size = 0;
    while ((size = ::read(log.get(), record, sizeof record)) > 0 || errno == EPIPE) { // EPIPE: overwritten
        const std::string_view text(record, size > 0 ? static_cast<std::size_t>(size) : 0);
        if (text.find(words) == std::string_view::npos)
            continue;
        const auto fields = split(text.substr(0, text.find(';')), ',');
        if (fields.size() > 2 && parseUnsigned(fields[2]) >= startUs)
            return true;
    }
    return false;
}

} // namespace teehost::vm
