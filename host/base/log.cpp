// SPDX-License-Identifier: Apache-2.0
#include "host/base/log.h"

#include <chrono>
#include <ctime>
#include <utility>

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/log_writer.h"

namespace teehost {
namespace {

constexpr std::string_view levelName(LogLevel level) noexcept
{
    switch (level) {
    case LogLevel::Trace:
        return "trace";
    case LogLevel::Debug:
        return "debug";
    case LogLevel::Info:
        return "info";
    case LogLevel::Warning:
        return "warn";
    case LogLevel::Error:
        return "error";
    }
    return "error";
}

/// RFC 3339, UTC, milliseconds.
std::string timestamp()
{
    const auto now = std::chrono::system_clock::now();
    const auto since = now.time_since_epoch();
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(since).count() % 1000;
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[40];
    const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    std::string out(text, length);
    std::string fraction = std::to_string(millis);
    fraction.insert(0, 3 - fraction.size(), '0');
    return out + "." + fraction + "Z";
}

void writeToStderr(LogLevel, const std::string& line)
{
    // A log line that cannot be written has nowhere to be reported.
    [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace

std::string jsonString(std::string_view text)
{
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Log::Log(LogLevel threshold) : Log(threshold, writeToStderr) {}

Log::Log(LogLevel threshold, Sink sink) : threshold_(threshold), sink_(std::move(sink)) {}

Log::Log(LogLevel threshold, std::shared_ptr<LogWriter> writer)
    : threshold_(threshold), sink_([writer](LogLevel, const std::string& line) { writer->push(line); }),
      writer_(writer)
{
}

void Log::flush(std::chrono::milliseconds limit) const
{
    if (writer_)
        static_cast<void>(writer_->flush(limit));
}

std::uint64_t Log::dropped() const { return writer_ ? writer_->dropped() : 0; }

std::string logLine(LogLevel level, std::string_view text, const LogFields& fields)
{
    std::string line = "{\"time\":\"" + timestamp() + "\",\"level\":\"" + std::string(levelName(level)) +
                       "\",\"msg\":" + jsonString(text);
    for (const auto& field : fields)
        line += "," + jsonString(field.key) + ":" + jsonString(field.value);
    line += "}\n";
    return line;
}

void Log::write(LogLevel level, std::string_view text, const LogFields& fields) const
{
    if (enabled(level))
        sink_(level, logLine(level, text, fields));
}

LogLevel parseLogLevel(std::string_view text)
{
    for (const auto level :
         {LogLevel::Trace, LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error})
        if (text == levelName(level))
            return level;
    throw InvalidArgument("unknown log level \"" + std::string(text) + "\"", {},
                          "use error, warn, info, debug or trace");
}

} // namespace teehost
