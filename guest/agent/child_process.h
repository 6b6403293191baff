// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <sys/types.h>

#include "guest/agent/console.h"

namespace teehost::guest {

/// A process of PID 1's that runs a function, and is started again a second after it has died. For PID 1,
/// which has one thread and no gRPC: a fork of a process with either would not work.
class ChildProcess {
public:
    /// `name` is for the console; the exit status is what `body` returns.
    ChildProcess(std::string name, const Console& console, std::function<int()> body);

    void start();
    /// Takes what waitpid(2) told of a child; false when it is not this one.
    bool ended(pid_t pid, int status);
    void startIfDue();
    void signal(int number) const;

    [[nodiscard]] bool runs() const noexcept { return pid_ > 0; }
    /// Until startIfDue() has something to do; nothing when it has not. Not negative.
    [[nodiscard]] std::optional<std::chrono::milliseconds> dueIn() const;

private:
    std::string name_;
    const Console& console_;
    std::function<int()> body_;
    pid_t pid_ = -1;
    std::optional<std::chrono::steady_clock::time_point> restart_at_;
};

} // namespace teehost::guest
