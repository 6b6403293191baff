// SPDX-License-Identifier: Apache-2.0
//
// Structured logging: one event, one JSON line on stderr. The text is a constant; what varies is a field.
//
//     log.info("vm started", {{"vm", id}, {"pid", std::to_string(pid)}});
//
// Never pass a secret, a guest's environment or a sensitive option.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace teehost {

class LogWriter;

enum class LogLevel : int { Trace = 0, Debug = 1, Info = 2, Warning = 3, Error = 4 };

struct LogField {
    std::string_view key;
    std::string value;
};
using LogFields = std::vector<LogField>;

/// Thread-safe. Lines of several threads never mix.
class Log {
public:
    using Sink = std::function<void(LogLevel, const std::string& line)>;

    /// Writes to stderr, and waits for whoever reads there: for programs that do one thing.
    explicit Log(LogLevel threshold = LogLevel::Info);
    /// Hands each finished line to `sink`, which must be thread-safe.
    Log(LogLevel threshold, Sink sink);
    /// Hands lines to a writer, and so never waits: for the daemon.
    Log(LogLevel threshold, std::shared_ptr<LogWriter> writer);

    void setThreshold(LogLevel threshold) noexcept { threshold_.store(threshold, std::memory_order_relaxed); }
    [[nodiscard]] bool enabled(LogLevel level) const noexcept
    {
        return level >= threshold_.load(std::memory_order_relaxed);
    }

    /// Gives a writer time to write what it has: before the process ends.
    void flush(std::chrono::milliseconds limit) const;
    /// The number of lines that a writer has dropped because the reader of the log stood still.
    [[nodiscard]] std::uint64_t dropped() const;

    void write(LogLevel level, std::string_view text, const LogFields& fields = {}) const;
    void debug(std::string_view text, const LogFields& fields = {}) const
    {
        write(LogLevel::Debug, text, fields);
    }
    void info(std::string_view text, const LogFields& fields = {}) const
    {
        write(LogLevel::Info, text, fields);
    }
    void warning(std::string_view text, const LogFields& fields = {}) const
    {
        write(LogLevel::Warning, text, fields);
    }
    void error(std::string_view text, const LogFields& fields = {}) const
    {
        write(LogLevel::Error, text, fields);
    }

private:
    std::atomic<LogLevel> threshold_;
    Sink sink_;
    std::shared_ptr<LogWriter> writer_; ///< null when there is none
};

/// A finished line, with its line break.
[[nodiscard]] std::string logLine(LogLevel level, std::string_view text, const LogFields& fields);

/// Reads "error", "warn", "info", "debug", "trace"; throws InvalidArgument for anything else.
[[nodiscard]] LogLevel parseLogLevel(std::string_view text);

/// `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string jsonString(std::string_view text);

} // namespace teehost
