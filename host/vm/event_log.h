// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/vm/vm_state.h"

namespace teehost::vm {

struct Event {
    std::uint64_t seq = 0;
    std::chrono::system_clock::time_point at;
    std::string vmId;
    std::string idempotencyKey; ///< of that VM
    std::string kind;           ///< "state", "qmp", "port-retry", "ttl-expired", …
    std::string message;        ///< a sentence
    std::optional<VmState> state, previous;
    std::map<std::string, std::string> fields;
};

/// The last events, in order, and those who want to hear of new ones. io_context thread only.
class EventLog {
public:
    using Listener = std::function<void(const Event&)>;
    /// Unsubscribes when destroyed, on the io_context thread.
    using Subscription = std::shared_ptr<void>;

    explicit EventLog(std::size_t capacity) : capacity_(capacity) {}

    /// Takes the events of earlier runs of the daemon, in order; nobody is told. `next` is the number of the
    /// next event, above theirs.
    void restore(std::vector<Event> events, std::uint64_t next);
    /// Gives the event its number and time. It is appended later, once it is on the disk, in the same order.
    void stamp(Event& event);
    /// Keeps a stamped event and tells the listeners.
    void append(Event event);
    /// Calls `each` for the events still remembered with a number above `after`.
    void replay(std::uint64_t after, const Listener& each) const;
    [[nodiscard]] Subscription subscribe(Listener listener);

private:
    void trim();

    std::size_t capacity_;
    std::uint64_t next_ = 1;
    std::deque<Event> events_;
    using Listeners = std::list<std::shared_ptr<const Listener>>;
    std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
};

} // namespace teehost::vm
