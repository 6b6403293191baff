// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <sys/types.h>

#include "host/base/unique_fd.h"

namespace teehost {

/// A helper program that is talked to: a line to its standard input, a line from its standard output. Its
/// standard error is kept for messages. Killed and reaped with this object, and killed when the thread that
/// made it ends (prctl(2), PR_SET_PDEATHSIG, through setpriv of util-linux). Blocking: never on the
/// io_context.
class HelperTalk {
public:
    /// argv[0] is looked up in PATH. Throws Error when it cannot be started.
    HelperTalk(const std::vector<std::string>& argv, std::chrono::steady_clock::time_point deadline);
    HelperTalk(const HelperTalk&) = delete;
    HelperTalk& operator=(const HelperTalk&) = delete;
    ~HelperTalk();

    /// The answer to a line, without its end. Throws Error: DeadlineExceeded when there is none in time,
    /// FailedPrecondition with the last words of the helper when it has ended, and for an answer of more than
    /// 8 MiB.
    [[nodiscard]] std::string ask(const std::string& line);

private:
    void send(std::string_view text);
    [[noreturn]] void ended() const;
    void waitFor(int fd, short events) const;

    std::string name_;
    std::chrono::steady_clock::time_point deadline_;
    UniqueFd input_, output_, words_;
    std::string unread_;
    pid_t pid_ = -1;
};

} // namespace teehost
