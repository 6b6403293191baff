// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace teehost {

/// Threads for functions that block. One is always there, so that work is never refused; up to `limit` are
/// made while work is waiting, and end when they had none for a while.
class Workers {
public:
    explicit Workers(std::size_t limit);
    /// Does as join() does.
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    /// Runs `work`, which must not throw, some time. When the host has no thread left it waits for one of
    /// those that are there. Any thread.
    void post(std::function<void()> work);
    /// Waits until all work is done. Nothing may be posted afterwards.
    void join();

    /// The number of threads that there are now. Any thread.
    [[nodiscard]] std::size_t threads() const;

private:
    enum class Stays { Always, WhileThereIsWork };
    void run(Stays stays);
    void startAnother();

    const std::size_t limit_;
    mutable std::mutex mutex_; // guards the rest
    std::condition_variable wake_;
    std::deque<std::function<void()>> waiting_;
    std::vector<std::thread> threads_;
    std::size_t idle_ = 0;
    bool closing_ = false;
};

} // namespace teehost
