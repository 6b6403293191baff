// SPDX-License-Identifier: Apache-2.0
//
// "Written first, then told": what happens to VMs goes through here to the store, and only from the store to
// the event log and its listeners, in one order. io_context thread only.
#pragma once

#include "host/base/async.h"

#include <functional>
#include <optional>

#include "host/store/store.h"
#include "host/vm/event_log.h"

namespace teehost::vm {

class Journal {
public:
    /// What to do when the store cannot be written.
    enum class OnFailure {
        Refuse, ///< throw; nothing was changed or told
        GoOn,   ///< the change happens nevertheless: a VM must end even when the disk is full
        Retry,  ///< try again every second until it works
    };

    Journal(asio::io_context& io, store::Store& store, std::size_t keepEvents)
        : io_(io), store_(store), events_(keepEvents)
    {
    }

    [[nodiscard]] EventLog& events() noexcept { return events_; }

    /// Writes the row and the event in one transaction. Once that is done, and before anybody is told,
    /// `apply` makes the change in memory; no other handler runs in between.
    asio::awaitable<void> commit(std::function<store::VmRow()> row, Event event, OnFailure policy,
                                 std::function<void(const Event&)> apply,
                                 Durability durability = Durability::SurvivesDaemon);
    /// The same without an event.
    asio::awaitable<void> commit(store::VmRow row);
    /// Writes it some time; nobody waits.
    void save(store::VmRow row);
    void note(Event event);
    /// Throws Unavailable.
    asio::awaitable<void> forget(std::string vmId, Durability durability);
    /// Makes everything that was written survive a power cut: before a client is promised what must. Throws
    /// Unavailable.
    asio::awaitable<void> sync();

private:
    /// Throws what the store says; `then` is called with whether it was written.
    asio::awaitable<void> write(store::Change change, std::function<void(bool written)> then);

    asio::io_context& io_;
    store::Store& store_;
    EventLog events_;
};

} // namespace teehost::vm
