// SPDX-License-Identifier: Apache-2.0
#include "host/vm/journal.h"

#include "host/vm/records.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr auto kRetryPause = 1s;

} // namespace

asio::awaitable<void> Journal::write(store::Change change, std::function<void(bool)> then)
{
    struct Pending {
        explicit Pending(asio::io_context& io) : changed(io) {}
        bool done = false;
        std::exception_ptr error;
        Signal changed;
    };
    const auto pending = std::make_shared<Pending>(io_);
    store_.write(std::move(change), [this, pending, then = std::move(then)](std::exception_ptr error) {
        asio::post(io_, [pending, then, error] {
            then(!error);
            pending->error = error;
            pending->done = true;
            pending->changed.notify();
        });
    });
    while (!pending->done)
        co_await pending->changed.waitUntil(Clock::now() + kForever);
    if (pending->error)
        std::rethrow_exception(pending->error);
}

asio::awaitable<void> Journal::commit(std::function<store::VmRow()> row, Event event, OnFailure policy,
                                      std::function<void(const Event&)> apply, Durability durability)
{
    bool again = true;
    while (again) {
        events_.stamp(event);
        store::Change change{row(), {}, toRow(event), durability};
        const std::function<void(bool)> then = [this, event, policy, apply](bool written) {
            if (!written && policy != OnFailure::GoOn)
                return;
            apply(event);
            events_.append(event);
        };
        std::exception_ptr failure;
        try {
            co_await write(std::move(change), then);
        } catch (...) {
            failure = std::current_exception();
        }
        again = failure && policy == OnFailure::Retry;
        if (failure && policy == OnFailure::Refuse)
            std::rethrow_exception(failure);
        if (again) {
            asio::steady_timer timer(io_, kRetryPause);
            co_await expiry(timer);
        }
    }
}

asio::awaitable<void> Journal::commit(store::VmRow row)
{
    // Named, because g++ 12 destroys temporary closures and aggregates in an operand of co_await twice.
    store::Change change{std::move(row), {}, {}};
    const std::function<void(bool)> nothing = [](bool) {};
    co_await write(std::move(change), nothing);
}

void Journal::save(store::VmRow row)
{
    store_.write({std::move(row), {}, {}}, [](std::exception_ptr) {});
}

void Journal::note(Event event)
{
    events_.stamp(event);
    store::Change change{{}, {}, toRow(event)};
    store_.write(std::move(change), [this, event](std::exception_ptr) {
        asio::post(io_, [this, event] { events_.append(event); });
    });
}

asio::awaitable<void> Journal::forget(std::string vmId, Durability durability)
{
    store::Change change{{}, std::move(vmId), {}, durability};
    const std::function<void(bool)> nothing = [](bool) {};
    co_await write(std::move(change), nothing);
}

asio::awaitable<void> Journal::sync()
{
    store::Change change{{}, {}, {}, Durability::SurvivesPowerCut};
    const std::function<void(bool)> nothing = [](bool) {};
    co_await write(std::move(change), nothing);
}

} // namespace teehost::vm
