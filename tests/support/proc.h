// SPDX-License-Identifier: Apache-2.0
//
// What /proc says about processes and ports (proc(5)).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace teehost::test {

[[nodiscard]] std::vector<std::string> argvOf(pid_t pid); ///< empty when it is gone
/// Processes with an argument that contains `words`.
[[nodiscard]] std::vector<pid_t> processesWith(std::string_view words);
[[nodiscard]] std::vector<pid_t> childrenOf(pid_t pid);
/// Of /proc/PID/status, without blanks around it: statusOf(pid, "NoNewPrivs").
[[nodiscard]] std::string statusOf(pid_t pid, std::string_view field);
[[nodiscard]] bool exists(pid_t pid); ///< a zombie exists

/// kill(2) for one process; throws for 0 and below, which mean many.
void sendSignal(pid_t pid, int number);

struct Listener {
    std::string address; ///< "127.0.0.1", or "::1" and "::" as hex digits
    std::uint16_t port = 0;
};
/// Listening TCP sockets of the machine.
[[nodiscard]] std::vector<Listener> listeners();

} // namespace teehost::test
