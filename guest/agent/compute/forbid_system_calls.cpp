// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "guest/agent/compute/sandbox.h"
#include "guest/agent/system_call.h"

namespace teehost::guest {
namespace {

constexpr std::uint32_t kNumber = offsetof(seccomp_data, nr);
constexpr std::uint32_t kArchitecture = offsetof(seccomp_data, arch);
constexpr std::uint32_t kFirstArgument = offsetof(seccomp_data, args); // the lower half: x86 is little-endian
constexpr std::uint32_t kX32 = 0x40000000;                             // __X32_SYSCALL_BIT

constexpr sock_filter load(std::uint32_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); }
constexpr sock_filter answer(std::uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }
constexpr sock_filter ifEqual(std::uint32_t value, std::uint8_t yes, std::uint8_t no)
{
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no);
}

constexpr sock_filter ifAnyBit(std::uint32_t bits, std::uint8_t yes, std::uint8_t no)
{
    return BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, yes, no);
}

constexpr std::uint32_t kRefused = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kUnknown = SECCOMP_RET_ERRNO | ENOSYS;
constexpr std::uint32_t kNoFamily = SECCOMP_RET_ERRNO | EAFNOSUPPORT;

} // namespace

void forbidSystemCalls()
{
    // A jump skips as many instructions as it says. Sockets of other families, such as vsock to the host, are
    // of no network namespace; io_uring makes sockets past this filter; the C library does without clone3.
    static std::array filter{
        load(kArchitecture),
        ifEqual(AUDIT_ARCH_X86_64, 1, 0),
        answer(SECCOMP_RET_KILL_PROCESS),
        load(kNumber),
        ifAnyBit(kX32, 0, 1),
        answer(SECCOMP_RET_KILL_PROCESS),
        ifEqual(__NR_clone3, 0, 1),
        answer(kUnknown),
        ifEqual(__NR_io_uring_setup, 0, 1),
        answer(kUnknown),
        ifEqual(__NR_unshare, 6, 0),
        ifEqual(__NR_setns, 5, 0),
        ifEqual(__NR_bpf, 4, 0),
        ifEqual(__NR_perf_event_open, 3, 0),
        ifEqual(__NR_userfaultfd, 2, 0),
        ifEqual(__NR_add_key, 1, 0),
        ifEqual(__NR_keyctl, 0, 1),
        answer(kRefused),
        ifEqual(__NR_clone, 0, 4),
        load(kFirstArgument),
        ifAnyBit(CLONE_NEWUSER, 0, 1),
        answer(kRefused),
        answer(SECCOMP_RET_ALLOW),
        ifEqual(__NR_socket, 1, 0),
        ifEqual(__NR_socketpair, 0, 6),
        load(kFirstArgument),
        ifEqual(AF_UNIX, 4, 0),
        ifEqual(AF_INET, 3, 0),
        ifEqual(AF_INET6, 2, 0),
        ifEqual(AF_NETLINK, 1, 0),
        answer(kNoFamily),
        answer(SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "cannot give up new privileges");
    check(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "cannot filter system calls");
}

} // namespace teehost::guest
