// SPDX-License-Identifier: Apache-2.0
#include "host/asking.h"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace teehost {

struct Asking::State {
    std::mutex mutex;
    std::condition_variable changed;
    bool cancelled = false, ended = false; // guarded by mutex
};

Asking::Asking(std::function<vm::Decisions()> ask, std::function<void(vm::Decisions)> done)
    : state_(std::make_shared<State>())
{
    std::thread([state = state_, ask = std::move(ask), done = std::move(done)] {
        auto answer = ask();
        const std::lock_guard lock(state->mutex);
        if (!state->cancelled)
            done(std::move(answer));
        state->ended = true;
        state->changed.notify_all();
    }).detach();
}

void Asking::cancel()
{
    const std::lock_guard lock(state_->mutex);
    state_->cancelled = true;
}

bool Asking::endsWithin(std::chrono::milliseconds patience)
{
    std::unique_lock lock(state_->mutex);
    return state_->changed.wait_for(lock, patience, [this] { return state_->ended; });
}

} // namespace teehost
