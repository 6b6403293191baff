// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include <sys/types.h>

#include "guest/agent/compute/runner.h"
#include "guest/agent/console.h"

namespace teehost::guest {

/// Runs things in a sandbox process each, in a control group with limits of memory and processes, and shows
/// the first kMaxOutputLines lines of what they print on the console.
class SandboxRunner final : public Runner {
public:
    static constexpr std::size_t kMaxOutputLines = 200;
    static constexpr std::size_t kMaxLineBytes = 400;

    SandboxRunner(std::filesystem::path work, std::chrono::seconds limit, const Console& console);

    std::string run(const Task& task) override;
    std::string unpack(int zip, const std::function<bool()>& givenUp) override;
    void stop() override;

private:
    struct End {
        int status = 0; ///< of waitpid(2)
        bool timed_out = false, given_up = false, out_of_memory = false;
        std::string last_line;
    };
    class Output;

    [[nodiscard]] std::vector<std::string> order(const char* kind) const;
    End execute(std::vector<std::string> arguments, int input, const std::function<bool()>& givenUp);
    End readToTheEnd(int pipe, Output& output, const std::function<bool()>& givenUp);
    void reap(End& end);
    [[nodiscard]] std::string describe(const End& end) const;

    const std::filesystem::path work_;
    const std::chrono::seconds limit_;
    const Console& console_;
    std::mutex mutex_;
    pid_t process_ = -1; ///< guarded by mutex_: a number that is reaped is another process's
};

} // namespace teehost::guest
