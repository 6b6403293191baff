// SPDX-License-Identifier: Apache-2.0
#include "host/base/workers.h"

#include <algorithm>
#include <chrono>
#include <system_error>

namespace teehost {
namespace {

constexpr std::chrono::seconds kStaysIdle{5};

} // namespace

Workers::Workers(std::size_t limit) : limit_(limit)
{
    threads_.emplace_back([this] { run(Stays::Always); });
}

Workers::~Workers() { join(); }

void Workers::post(std::function<void()> work)
{
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(work));
        if (waiting_.size() > idle_ && threads_.size() < limit_)
            startAnother();
    }
    wake_.notify_one();
}

void Workers::join()
{
    std::unique_lock lock(mutex_);
    closing_ = true;
    wake_.notify_all();
    while (!threads_.empty()) {
        std::vector<std::thread> last;
        last.swap(threads_);
        lock.unlock();
        for (auto& thread : last)
            thread.join();
        lock.lock();
    }
}

std::size_t Workers::threads() const
{
    const std::lock_guard lock(mutex_);
    return threads_.size();
}

void Workers::startAnother()
{
    try {
        threads_.emplace_back([this] { run(Stays::WhileThereIsWork); });
    } catch (const std::system_error&) {
        // The work waits for a thread that is there.
    }
}

void Workers::run(Stays stays)
{
    std::unique_lock lock(mutex_);
    const auto due = [this] { return closing_ || !waiting_.empty(); };
    while (true) {
        ++idle_;
        if (stays == Stays::Always)
            wake_.wait(lock, due);
        else
            wake_.wait_for(lock, kStaysIdle, due);
        --idle_;
        if (waiting_.empty())
            break;
        auto work = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        work();
        work = nullptr; // its captures may take their time
        lock.lock();
    }
    const auto self = std::find_if(threads_.begin(), threads_.end(), [](const std::thread& thread) {
        return thread.get_id() == std::this_thread::get_id();
    });
    if (self == threads_.end())
        return;     // join() waits for it
    self->detach(); // it touches nothing of this object any more; what it runs on its way out may take its
                    // time
    threads_.erase(self);
}

} // namespace teehost
