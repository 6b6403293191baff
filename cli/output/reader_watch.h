// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace teehost::cli {

/// Whether standard output is a pipe or socket that nobody reads any more.
[[nodiscard]] bool readerIsGone() noexcept;

/// Notices when the reader of standard output goes away, also while there is nothing to write: a command that
/// follows something would go on for ever else. Runs `act` once, in a thread of its own.
class ReaderWatch {
public:
    explicit ReaderWatch(std::function<void()> act);
    ~ReaderWatch();
    ReaderWatch(const ReaderWatch&) = delete;
    ReaderWatch& operator=(const ReaderWatch&) = delete;

    [[nodiscard]] bool gone() const noexcept { return gone_ || readerIsGone(); }

private:
    void watch(const std::function<void()>& act);

    int stopFd_;
    std::atomic<bool> gone_{false};
    std::thread thread_;
};

} // namespace teehost::cli
