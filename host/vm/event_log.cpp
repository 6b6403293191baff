// SPDX-License-Identifier: Apache-2.0
#include "host/vm/event_log.h"

#include <utility>

namespace teehost::vm {

void EventLog::restore(std::vector<Event> events, std::uint64_t next)
{
    events_.assign(std::make_move_iterator(events.begin()), std::make_move_iterator(events.end()));
    next_ = next;
    trim();
}

void EventLog::stamp(Event& event)
{
    event.seq = next_++;
    // What the store keeps: the same event reads the same after a restart.
    event.at = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

void EventLog::append(Event event)
{
    events_.push_back(std::move(event));
    trim();
    // A listener may unsubscribe itself, or others, while it is told.
    const Event told = events_.back();
    const auto snapshot = *listeners_;
    for (const auto& listener : snapshot)
        (*listener)(told);
}

void EventLog::trim()
{
    while (events_.size() > capacity_)
        events_.pop_front();
}

void EventLog::replay(std::uint64_t after, const Listener& each) const
{
    for (const auto& event : events_)
        if (event.seq > after)
            each(event);
}

EventLog::Subscription EventLog::subscribe(Listener listener)
{
    listeners_->push_back(std::make_shared<const Listener>(std::move(listener)));
    const auto position = std::prev(listeners_->end());
    const std::weak_ptr<Listeners> list = listeners_;
    return Subscription(nullptr, [list, position](void*) {
        if (const auto alive = list.lock())
            alive->erase(position);
    });
}

} // namespace teehost::vm
