// SPDX-License-Identifier: Apache-2.0
//
// teehost-launch: what stands between the daemon and QEMU (or a sidecar). The daemon spawns it, notes its
// pid, and then lets it go; only then does it become the program. Whenever the daemon dies before that, the
// pipe closes and this process ends, so there is never a QEMU the daemon does not know. pid and start time
// survive the exec.
//
//   fd 3  the go pipe: the byte 'G' means go, end of file means the daemon is gone
//   fd 4  the plan, NUL-terminated records: a=ARG e=NAME=VALUE u=UID g=GID G=GID m=UMASK l=1 (lock memory)
//   p=1 (may gain privileges, as sudo must) o=OOM_SCORE_ADJ r=1 (reap) n=NICE
//
// It stays with r=1, as the parent of the program and of every process that the program leaves behind, and
// ends as the program does (stand_by.h). The go pipe stays open then, and its end of file kills them all.
// swtpm_setup needs a parent that reaps: it waits until its swtpm, whose own parent has ended by then, is
// reaped, for half a second where the host's first process is slow to do so.
//
// Exit status 125: never told to go. 126: could not prepare, with one line on stderr. Statically linked: it
// reads no file of the system but those of /proc.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/launch/trampoline/exit_status.h"
#include "host/launch/trampoline/stand_by.h"

namespace {

using namespace teehost::launch;

constexpr int kGoFd = 3;
constexpr int kPlanFd = 4;
constexpr rlim_t kMaxOpenFiles = 4096;

[[noreturn]] void fail(const char* what)
{
    std::fprintf(stderr, "teehost-launch: %s: %s\n", what, std::strerror(errno));
    std::_Exit(kCouldNotPrepare);
}

struct Plan {
    std::vector<std::string> argv, env;
    std::vector<gid_t> groups;
    long uid = -1, gid = -1;
    long umask = 0177;
    bool lockMemory = false;
    bool mayGainPrivileges = false;
    bool reap = false;
    long nice = 0;
    std::string oomScoreAdj = "0";
};

std::string readPlanBytes()
{
    std::string bytes;
    char buffer[4096];
    ssize_t got = 0;
    while ((got = ::read(kPlanFd, buffer, sizeof buffer)) > 0)
        bytes.append(buffer, static_cast<std::size_t>(got));
    if (got < 0)
        fail("cannot read the plan");
    return bytes;
}

/// A record that is no number must not become 0, which is root.
long number(const std::string& text, int base = 10)
{
    char* end = nullptr;
    errno = 0;
    const long value = std::strtol(text.c_str(), &end, base);
    if (text.empty() || *end != '\0' || value < 0)
        errno = EINVAL;
    if (errno != 0)
        fail("the plan has a record that is not a number");
    return value;
}

void take(Plan& plan, char kind, const std::string& value)
{
    switch (kind) {
    case 'a':
        plan.argv.push_back(value);
        break;
    case 'e':
        plan.env.push_back(value);
        break;
    case 'u':
        plan.uid = number(value);
        break;
    case 'g':
        plan.gid = number(value);
        break;
    case 'G':
        plan.groups.push_back(static_cast<gid_t>(number(value)));
        break;
    case 'm':
        plan.umask = number(value, 8);
        break;
    case 'l':
        plan.lockMemory = true;
        break;
    case 'p':
        plan.mayGainPrivileges = true;
        break;
    case 'r':
        plan.reap = true;
        break;
    case 'n':
        plan.nice = number(value);
        break;
    case 'o':
        plan.oomScoreAdj = value;
        break;
    default:
        errno = EINVAL;
        fail("the plan has an unknown record");
    }
}

Plan readPlan()
{
    Plan plan;
    const std::string bytes = readPlanBytes();
    for (std::size_t at = 0; at + 2 < bytes.size();) {
        const std::size_t end = bytes.find('\0', at);
        if (end == std::string::npos || end < at + 2)
            break;
        take(plan, bytes[at], bytes.substr(at + 2, end - at - 2));
        at = end + 1;
    }
    if (plan.argv.empty()) {
        errno = EINVAL;
        fail("the plan names no program");
    }
    return plan;
}

void setLimit(int resource, rlim_t value, const char* what)
{
    const rlimit limit{value, value};
    if (::setrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0)
        fail(what);
}

/// Lifts it as far as the hard limit when CAP_SYS_RESOURCE is missing. Whether that is enough is QEMU's to
/// find out: guest memory of KVM's own (guest_memfd) does not count as locked, that of VFIO and SEV does.
void liftMemoryLock()
{
    const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
    rlimit limit{};
    if (::setrlimit(RLIMIT_MEMLOCK, &none) == 0 || ::getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_MEMLOCK, &limit) != 0)
        fail("cannot lift the limit on locked memory");
}

void setLimits(const Plan& plan)
{
    setLimit(RLIMIT_CORE, 0, "cannot forbid core dumps"); // guest memory must not end up in a file
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max > kMaxOpenFiles)
        setLimit(RLIMIT_NOFILE, kMaxOpenFiles, "cannot limit open files");
    if (plan.lockMemory)
        liftMemoryLock();
}

/// Inherited through exec: without this a daemon protected from the OOM killer would protect its VMs too.
void setOomScore(const std::string& value)
{
    const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    [[maybe_unused]] const auto ignored = ::write(fd, value.data(), value.size());
    ::close(fd);
}

void shedPrivileges(const Plan& plan)
{
    if (plan.uid < 0)
        return;
    const auto uid = static_cast<uid_t>(plan.uid);
    const auto gid = static_cast<gid_t>(plan.gid);
    if (::setgroups(plan.groups.size(), plan.groups.data()) != 0 || ::setresgid(gid, gid, gid) != 0 ||
        ::setresuid(uid, uid, uid) != 0)
        fail("cannot change to the account of QEMU");
    uid_t real = 0, effective = 0, saved = 0;
    if (::getresuid(&real, &effective, &saved) != 0 || real != uid || effective != uid || saved != uid)
        fail("the account of QEMU did not take effect");
}

void waitForGo()
{
    char byte = 0;
    ssize_t got = 0;
    do
        got = ::read(kGoFd, &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got != 1 || byte != 'G')
        std::_Exit(kNeverTold);
    ::close(kPlanFd);
}

std::vector<char*> pointers(std::vector<std::string>& strings)
{
    std::vector<char*> out;
    out.reserve(strings.size() + 1);
    for (auto& text : strings)
        out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

} // namespace

int main()
{
    ::syscall(SYS_close_range, 5u, ~0u, 0u);
    Plan plan = readPlan();
    ::umask(static_cast<mode_t>(plan.umask));
    if (::chdir("/") != 0)
        fail("cannot change to /");
    ::prctl(PR_SET_PDEATHSIG, 0);
    setLimits(plan);
    setOomScore(plan.oomScoreAdj);
    if (plan.nice > 0 && ::setpriority(PRIO_PROCESS, 0, static_cast<int>(plan.nice)) != 0)
        fail("cannot lower the priority");
    shedPrivileges(plan);
    if (!plan.mayGainPrivileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail("cannot forbid new privileges");
    waitForGo();
    auto env = pointers(plan.env);
    auto argv = pointers(plan.argv);
    if (plan.reap) {
        standBy(argv.data(), env.data(), kGoFd);
        fail("cannot stand by the program");
    }
    ::close(kGoFd);
    become(argv.data(), env.data());
}
