// SPDX-License-Identifier: Apache-2.0
//
// Ctrl-C and SIGTERM as something that ends a blocking call in an orderly way.
//
// While an Interrupt lives the two signals are blocked in the thread that made it and in those started later,
// and a thread of its own reads them. The first signal runs the registered actions (which cancel RPCs); a
// second one ends the program at once, for the case that the orderly way hangs.
#pragma once

#include <atomic>
#include <csignal>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace teehost::cli {

class Interrupt {
public:
    /// Make it before anything that starts threads, so that they inherit the mask.
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    [[nodiscard]] bool pending() const noexcept { return pending_.load(); }

    /// Runs its action once, in another thread, when the signal comes; at once, here, if it has come already.
    /// After its destructor has returned the action does not run any more.
    class Action {
    public:
        Action(Interrupt& interrupt, std::function<void()> run);
        ~Action();
        Action(const Action&) = delete;
        Action& operator=(const Action&) = delete;

    private:
        Interrupt& interrupt_;
    };

private:
    void watch();
    void runActions();

    sigset_t previousMask_{};
    int signalFd_ = -1;
    int stopFd_ = -1;
    std::atomic<bool> pending_{false};
    std::mutex mutex_;
    std::map<const Action*, std::function<void()>> actions_; // guarded by mutex_
    std::thread watcher_;
};

} // namespace teehost::cli
