// SPDX-License-Identifier: Apache-2.0
//
// Follows a launch through the daemon's events, in a thread of its own, while the main thread waits in
// CreateVm. It is opened before the VM exists, by the idempotency key of the request, so that no state is
// missed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "cli/client/client.h"
#include "cli/output/launch_timeline.h"
#include "cli/output/progress.h"

namespace teehost::cli {

class LaunchWatch {
public:
    /// Starts counting now. `progress` is told each event; it must outlive the watch.
    LaunchWatch(Client& client, const std::string& idempotencyKey, Progress& progress);
    /// Ends the stream.
    ~LaunchWatch();
    LaunchWatch(const LaunchWatch&) = delete;
    LaunchWatch& operator=(const LaunchWatch&) = delete;

    enum class Outcome {
        Reached,
        Ended,        ///< the VM stopped or failed, and will not reach it
        BootTimedOut, ///< the guest was not up within the daemon's boot timeout; the VM goes on
        StreamLost,   ///< the daemon tells no more
        TimedOut
    };
    /// Blocks until the VM has reached `state`, at most for `limit` when there is one.
    [[nodiscard]] Outcome waitFor(v1::VmState state, std::optional<std::chrono::nanoseconds> limit);

    /// A state known from a response, in case its event got lost.
    void note(v1::VmState state);

    [[nodiscard]] LaunchTimeline timeline() const;
    /// Empty before the first event.
    [[nodiscard]] std::string vmId() const;
    [[nodiscard]] std::chrono::nanoseconds elapsed() const
    {
        return std::chrono::steady_clock::now() - start_;
    }

private:
    void read();
    void onEvent(const v1::Event& event);
    [[nodiscard]] std::optional<Outcome> outcomeFor(v1::VmState state) const;

    const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    Progress& progress_;
    const std::unique_ptr<Stream<v1::Event>> events_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    LaunchTimeline timeline_; // guarded by mutex_, as all below
    std::string vmId_;
    bool streamLost_ = false;
    bool bootTimedOut_ = false;
    std::thread reader_;
};

} // namespace teehost::cli
