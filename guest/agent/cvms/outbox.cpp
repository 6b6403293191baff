// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/cvms/outbox.h"

#include <algorithm>
#include <utility>

#include "guest/agent/cvms/message.h"

namespace teehost::guest {

void Outbox::push(cvms::ClientStreamMessage message)
{
    const std::lock_guard lock(mutex_);
    bytes_ += message.ByteSizeLong();
    items_.push_back({std::move(message)});
    dropWhatIsTooMuch();
    changed_.notify_all();
}

void Outbox::dropWhatIsTooMuch()
{
    while (items_.size() > bounds_.messages || bytes_ > bounds_.bytes) {
        const auto& oldest = items_.front();
        dropped_ += std::max<std::uint64_t>(1, oldest.stands_for);
        lastDrop_ = std::chrono::system_clock::now();
        bytes_ -= oldest.message.ByteSizeLong();
        items_.pop_front();
    }
}

bool Outbox::reply(cvms::ClientStreamMessage message)
{
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !connected_ || replies_.size() < bounds_.replies; });
    if (!connected_)
        return false;
    replies_.push_back(std::move(message));
    changed_.notify_all();
    return true;
}

void Outbox::beginConnection()
{
    const std::lock_guard lock(mutex_);
    connected_ = true;
}

void Outbox::endConnection()
{
    const std::lock_guard lock(mutex_);
    connected_ = false;
    replies_.clear();
    changed_.notify_all();
}

std::optional<Outbox::Item> Outbox::next()
{
    std::unique_lock lock(mutex_);
    const auto something = [&] { return !replies_.empty() || dropped_ != 0 || !items_.empty(); };
    changed_.wait(lock, [&] { return !connected_ || finishing_ || something(); });
    if (!connected_ || !something())
        return std::nullopt;
    Item item;
    if (!replies_.empty()) {
        item = {std::move(replies_.front()), 0, true};
        replies_.pop_front();
    } else if (dropped_ != 0) {
        item = {droppedMessage(dropped_, lastDrop_), std::exchange(dropped_, 0)};
    } else {
        item = std::move(items_.front());
        items_.pop_front();
        bytes_ -= item.message.ByteSizeLong();
    }
    changed_.notify_all(); // reply() may wait for room
    return item;
}

void Outbox::putBack(Item item)
{
    if (item.is_reply)
        return;
    const std::lock_guard lock(mutex_);
    bytes_ += item.message.ByteSizeLong();
    items_.push_front(std::move(item));
    dropWhatIsTooMuch();
}

void Outbox::finish()
{
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    changed_.notify_all();
}

bool Outbox::finishing() const
{
    const std::lock_guard lock(mutex_);
    return finishing_;
}

bool Outbox::pause(std::chrono::milliseconds duration)
{
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, duration, [&] { return finishing_; });
}

} // namespace teehost::guest
