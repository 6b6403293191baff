// SPDX-License-Identifier: Apache-2.0
#include "cli/output/progress.h"

#include <limits>

#include "cli/input/duration.h"
#include "cli/output/escape.h"
#include "cli/output/vm_text.h"

namespace teehost::cli {
namespace {

constexpr std::size_t kTimeColumns = 8;
constexpr std::size_t kStateColumns = 9; // "preparing"
constexpr std::chrono::milliseconds kTick{100};

/// ECMA-48: carriage return, then EL (erase in line, to its end).
constexpr const char* kRewriteLine = "\r\x1b[K";

std::string padLeft(const std::string& text, std::size_t columns)
{
    return std::string(text.size() < columns ? columns - text.size() : 0, ' ') + text;
}

std::string padRight(const std::string& text, std::size_t columns)
{
    return text + std::string(text.size() < columns ? columns - text.size() : 0, ' ');
}

} // namespace

std::string renderProgressLine(std::chrono::nanoseconds elapsed, v1::VmState state,
                               const std::string& message, std::size_t columns)
{
    std::string line = padLeft(formatDuration(elapsed), kTimeColumns) + "  ";
    if (state != v1::VM_STATE_UNSPECIFIED)
        line += padRight(stateName(state), kStateColumns) + "  ";
    line += escapeLine(message);
    line = truncateToWidth(line, columns);
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

void LineProgress::show(const LaunchStep& step)
{
    constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
    const std::lock_guard lock(mutex_);
    out_ << renderProgressLine(step.at, step.state, step.message, kNoLimit) << "\n" << std::flush;
}

LiveProgress::LiveProgress(std::ostream& out, std::size_t columns, Elapsed elapsed)
    : out_(out), columns_(columns), elapsed_(std::move(elapsed))
{
    step_.message = "asking the daemon";
    ticker_ = std::thread([this] { tick(); });
}

LiveProgress::~LiveProgress() { LiveProgress::finish(); }

void LiveProgress::show(const LaunchStep& step)
{
    const std::lock_guard lock(mutex_);
    if (finished_)
        return;
    step_ = step;
    draw();
}

void LiveProgress::finish()
{
    {
        const std::lock_guard lock(mutex_);
        if (finished_)
            return;
        finished_ = true;
        out_ << kRewriteLine << std::flush;
    }
    wake_.notify_all();
    ticker_.join();
}

void LiveProgress::tick()
{
    std::unique_lock lock(mutex_);
    while (!finished_) {
        draw();
        wake_.wait_for(lock, kTick, [this] { return finished_; });
    }
}

void LiveProgress::draw()
{
    out_ << kRewriteLine << renderProgressLine(elapsed_(), step_.state, step_.message, columns_)
         << std::flush;
}

} // namespace teehost::cli
