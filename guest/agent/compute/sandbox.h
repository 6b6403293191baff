// SPDX-License-Identifier: Apache-2.0
//
// The sandbox that hostile code runs in: a process of its own, the agent's program again, that shuts itself
// in before it begins. It has its own network (none), processes, mounts, System V objects and host name; a
// root directory with the computation's files, the image's /usr and a few devices; an unprivileged user,
// limits, an empty environment; and a filter of system calls against the ways out of it that namespaces leave
// open (vsock, io_uring, new user namespaces).
#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

namespace teehost::guest {

constexpr uid_t kSandboxUser = 1000;

/// Limits for one process of the algorithm; docs are in guest/README.md. Of memory and processes the control
/// group has the limit for all of them together.
struct SandboxLimits {
    std::uint64_t memory_bytes = 0;
    std::uint64_t file_bytes = 0;
    std::uint64_t cpu_seconds = 3600;
    std::uint64_t files = 1024;
    std::uint64_t processes = 128;
};

/// The first argument that makes the agent's program a sandbox; see sandboxMain().
inline constexpr const char* kSandboxArgument = "--sandbox";

/// The kind of work that the sandbox does: the argument after kSandboxArgument.
inline constexpr const char *kSandboxRun = "run", *kSandboxUnpack = "unpack";

/// The control group of all sandboxes, of which there is one at a time.
inline constexpr const char* kSandboxGroup = "/sys/fs/cgroup/algorithm";

/// main() of the sandbox: `--sandbox run WORK MEMORY CPU_SECONDS PROGRAM ARGUMENT...` executes a program in
/// /work, with WORK/../tmp as its /tmp, and `--sandbox unpack WORK MEMORY CPU_SECONDS` unpacks the zip file
/// on descriptor 0 into /work/unpacked. Returns what it returned, 128 + N when signal N ended it, and 127,
/// with the reason on descriptor 2, when it could not begin. Everything in it ends with the process.
int sandboxMain(int count, char** arguments);

/// Forbids the system calls that lead out of the namespaces, to this process and its children.
void forbidSystemCalls();

} // namespace teehost::guest
