// SPDX-License-Identifier: Apache-2.0
//
// Asking the host what it can do, in a thread of its own, while the daemon serves and its main thread waits
// for a signal.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "host/vm/decisions.h"

namespace teehost {

class Asking {
public:
    /// Runs `ask`, and then `done` with its answer, in a thread. `ask` must not throw.
    Asking(std::function<vm::Decisions()> ask, std::function<void(vm::Decisions)> done);
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;

    /// Calls `done` no more, and waits until a call in progress has returned.
    void cancel();
    /// Whether the thread has ended by then. A probe is a plugin's, which may never return: with one that has
    /// not, the process must end without taking down what the thread uses.
    [[nodiscard]] bool endsWithin(std::chrono::milliseconds patience);

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace teehost
