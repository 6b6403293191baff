// SPDX-License-Identifier: Apache-2.0
//
// A program that a test starts. It ends with the test whatever happens.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "support/wait.h"

namespace teehost::test {

struct Command {
    std::vector<std::string> argv; ///< argv[0] is a path, or a name looked up in PATH
    /// Added to PATH, HOME and LC_ALL=C, which are all the child has otherwise: settings in the environment
    /// of whoever runs the tests must not decide them.
    std::map<std::string, std::string> environment = {};
    std::filesystem::path output = {}; ///< standard output, appended; empty: /dev/null
    std::filesystem::path errors = {}; ///< standard error, likewise
    std::filesystem::path directory = {};
    std::filesystem::path input = {}; ///< standard input, which may be a FIFO; empty: /dev/null
};

class Child {
public:
    explicit Child(const Command& command);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child(); ///< SIGKILL when it still runs

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    void signal(int number) noexcept;
    /// The exit status as a shell gives it (128 + n for a signal), once it has ended.
    [[nodiscard]] std::optional<int> poll();
    /// Throws when it does not end within `limit`, and when a sanitizer has reported something of it.
    int wait(std::chrono::nanoseconds limit = kPatience);

private:
    std::filesystem::path errors_;
    pid_t pid_ = -1;
    std::optional<int> status_;
};

struct Finished {
    int status = 0;
    std::string output, errors;
};

/// Runs a program to its end; `files` is a directory for what it prints.
[[nodiscard]] Finished runCommand(Command command, const std::filesystem::path& files);

/// The same for a program that must succeed; throws with its words when it does not.
std::string runOrThrow(const std::vector<std::string>& argv, const std::filesystem::path& files);

} // namespace teehost::test
