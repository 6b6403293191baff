// SPDX-License-Identifier: Apache-2.0
#include "host/base/helper_spawn.h"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/base/error.h"

namespace teehost {

pid_t spawnHelper(const std::vector<std::string>& argv, const HelperStreams& streams)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    if (streams.input < 0)
        ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    else
        ::posix_spawn_file_actions_adddup2(&actions, streams.input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, streams.output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, streams.error, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    sigset_t all;
    sigfillset(&all);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    std::vector<std::string> words = argv;
    std::vector<char*> pointers;
    for (auto& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, pointers[0], &actions, &attributes, pointers.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        throw systemError(Category::FailedPrecondition, "cannot start \"" + argv[0] + "\"", error,
                          "install it");
    return pid;
}

int killAndReap(pid_t pid) noexcept
{
    int status = 0;
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

} // namespace teehost
