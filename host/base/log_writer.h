// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace teehost {

/// Writes lines to a descriptor from a thread of its own, so that whoever logs never waits for whoever reads.
/// When the reader stands still the queue fills up; lines beyond it are dropped and counted, and once there
/// is room again a line says how many. Thread-safe.
class LogWriter {
public:
    struct Limits {
        std::size_t lines = 8192;
        std::size_t bytes = 4u << 20;
    };

    /// `fd` is not closed, and must stay open as long as the process lives.
    explicit LogWriter(int fd) : LogWriter(fd, Limits()) {}
    LogWriter(int fd, Limits limits);
    /// Gives the reader a second, then leaves what is still queued, and the thread that waits for it.
    ~LogWriter();
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    /// Takes a line with its line break. Never waits.
    void push(std::string line);
    /// Waits until everything is written, at most `limit`; false when it is not.
    bool flush(std::chrono::milliseconds limit);
    /// The number of lines that were dropped so far.
    [[nodiscard]] std::uint64_t dropped() const;

private:
    struct State;
    std::shared_ptr<State> state_; ///< also the thread's, which may outlive this object
};

/// Writes a sentence to standard error, unless nobody reads there within a second: for a program that ends.
void writeLastWords(const std::string& text);

} // namespace teehost
