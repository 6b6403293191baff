// SPDX-License-Identifier: Apache-2.0
#include "cli/client/launch_watch.h"

#include <algorithm>

#include "cli/output/vm_text.h"

namespace teehost::cli {

namespace {

v1::WatchEventsRequest followLaunch(const std::string& idempotencyKey)
{
    v1::WatchEventsRequest request;
    request.set_idempotency_key(idempotencyKey);
    request.set_follow(true);
    return request;
}

} // namespace

LaunchWatch::LaunchWatch(Client& client, const std::string& idempotencyKey, Progress& progress)
    : progress_(progress), events_(client.watchEvents(followLaunch(idempotencyKey))),
      reader_([this] { read(); })
{
}

LaunchWatch::~LaunchWatch()
{
    events_->cancel();
    reader_.join();
}

void LaunchWatch::read()
{
    for (v1::Event event; events_->read(event);)
        onEvent(event);
    // Whatever ended the stream: without it the launch goes on, only less is seen of it.
    static_cast<void>(events_->finish());
    {
        const std::lock_guard lock(mutex_);
        streamLost_ = true;
    }
    changed_.notify_all();
}

void LaunchWatch::onEvent(const v1::Event& event)
{
    {
        const std::lock_guard lock(mutex_);
        vmId_ = event.vm_id();
        bootTimedOut_ = bootTimedOut_ || event.kind() == "boot-timeout";
        LaunchStep step{event.state(), elapsed(), event.message()};
        if (event.state() == v1::VM_STATE_UNSPECIFIED)
            step.state = timeline_.current().value_or(v1::VM_STATE_UNSPECIFIED);
        else if (!timeline_.record(step))
            return;
        progress_.show(step);
    }
    changed_.notify_all();
}

void LaunchWatch::note(v1::VmState state)
{
    const std::lock_guard lock(mutex_);
    LaunchStep step{state, elapsed(), {}};
    if (!timeline_.reached(state) && timeline_.record(step))
        progress_.show(step);
}

std::optional<LaunchWatch::Outcome> LaunchWatch::outcomeFor(v1::VmState state) const
{
    if (timeline_.reached(state))
        return Outcome::Reached;
    if (timeline_.current() && isEnded(*timeline_.current()))
        return Outcome::Ended;
    if (bootTimedOut_)
        return Outcome::BootTimedOut;
    return streamLost_ ? std::optional(Outcome::StreamLost) : std::nullopt;
}

LaunchWatch::Outcome LaunchWatch::waitFor(v1::VmState state, std::optional<std::chrono::nanoseconds> limit)
{
    std::unique_lock lock(mutex_);
    const auto decided = [&] { return outcomeFor(state).has_value(); };
    if (limit) {
        constexpr std::chrono::hours kLongest{24 * 365}; // a longer wait would overflow the clock
        changed_.wait_for(lock, std::min<std::chrono::nanoseconds>(*limit, kLongest), decided);
    } else {
        changed_.wait(lock, decided);
    }
    return outcomeFor(state).value_or(Outcome::TimedOut);
}

LaunchTimeline LaunchWatch::timeline() const
{
    const std::lock_guard lock(mutex_);
    return timeline_;
}

std::string LaunchWatch::vmId() const
{
    const std::lock_guard lock(mutex_);
    return vmId_;
}

} // namespace teehost::cli
