// SPDX-License-Identifier: Apache-2.0
//
// A launch while it happens: one line that is rewritten on a terminal, one line a state elsewhere, nothing at
// all when the output is JSON.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>

#include "cli/output/launch_timeline.h"

namespace teehost::cli {

/// "   0.42s  launching  QEMU started": without control characters or a line break, at most `columns` wide.
[[nodiscard]] std::string renderProgressLine(std::chrono::nanoseconds elapsed, v1::VmState state,
                                             const std::string& message, std::size_t columns);

/// Thread-safe.
class Progress {
public:
    virtual ~Progress() = default;
    virtual void show(const LaunchStep& step) = 0;
    /// Leaves the cursor at the beginning of an empty line. Nothing may be shown afterwards.
    virtual void finish() = 0;
};

/// One line a state.
class LineProgress final : public Progress {
public:
    explicit LineProgress(std::ostream& out) : out_(out) {}
    void show(const LaunchStep& step) override;
    void finish() override {}

private:
    std::mutex mutex_;
    std::ostream& out_;
};

/// One line, rewritten ten times a second so that the clock in it runs.
class LiveProgress final : public Progress {
public:
    using Elapsed = std::function<std::chrono::nanoseconds()>;

    LiveProgress(std::ostream& out, std::size_t columns, Elapsed elapsed);
    ~LiveProgress() override;
    void show(const LaunchStep& step) override;
    void finish() override;

private:
    void tick();
    void draw();

    std::ostream& out_;
    const std::size_t columns_;
    const Elapsed elapsed_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool finished_ = false; // guarded by mutex_, as step_ is
    LaunchStep step_;
    std::thread ticker_;
};

class SilentProgress final : public Progress {
public:
    void show(const LaunchStep&) override {}
    void finish() override {}
};

} // namespace teehost::cli
