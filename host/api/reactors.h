// SPDX-License-Identifier: Apache-2.0
//
// The layer between gRPC's callback threads, which must never block, and the io_context that owns the VMs.
#pragma once

#include "host/base/async.h"

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "host/api/status.h"
#include "host/base/error.h"

namespace teehost::api {

/// How long a question waits for the probes of a daemon that has just started.
inline constexpr std::chrono::seconds kProbePatience{5};

/// Answers a unary call with a function that runs on the io_context and may throw. `response` belongs to gRPC
/// and lives until the call is finished.
template <class Function>
grpc::ServerUnaryReactor* answerOn(asio::io_context& io, const Log& log, grpc::CallbackServerContext* context,
                                   Function function)
{
    auto* reactor = context->DefaultReactor();
    asio::post(io, [reactor, &log, function = std::move(function)]() mutable {
        std::exception_ptr error;
        try {
            function();
        } catch (...) {
            error = std::current_exception();
        }
        reactor->Finish(toStatus(error, log));
    });
    return reactor;
}

/// The same with a coroutine: `function` returns awaitable<void>.
template <class Function>
grpc::ServerUnaryReactor* answerLater(asio::io_context& io, const Log& log,
                                      grpc::CallbackServerContext* context, Function function)
{
    auto* reactor = context->DefaultReactor();
    spawn(io, std::move(function),
          [reactor, &log](std::exception_ptr error) { reactor->Finish(toStatus(error, log)); });
    return reactor;
}

/// A unary call that wants to know when the client gives up. Deletes itself.
class CancellableReactor : public grpc::ServerUnaryReactor {
public:
    /// `onCancel` runs on a gRPC thread, at most once.
    explicit CancellableReactor(std::function<void()> onCancel) : onCancel_(std::move(onCancel)) {}
    void OnCancel() override { onCancel_(); }
    void OnDone() override { delete this; }

private:
    std::function<void()> onCancel_;
};

/// A server stream fed from the io_context. gRPC takes one message at a time; what comes meanwhile waits in a
/// bounded queue, and a client that is too slow for it is cut off rather than allowed to fill our memory.
/// Thread-safe. gRPC holds one reference until the stream is done; senders hold others, and what they send
/// after its end is dropped.
template <class Message>
class StreamReactor : public grpc::ServerWriteReactor<Message>,
                      public std::enable_shared_from_this<StreamReactor<Message>> {
public:
    static std::shared_ptr<StreamReactor> make(std::size_t capacity)
    {
        std::shared_ptr<StreamReactor> reactor(new StreamReactor(capacity));
        reactor->self_ = reactor;
        return reactor;
    }

    /// Whether the stream has ended or is about to.
    [[nodiscard]] bool ended()
    {
        const std::lock_guard lock(mutex_);
        return status_.has_value();
    }

    void send(Message message)
    {
        const std::lock_guard lock(mutex_);
        if (status_)
            return;
        if (queue_.size() >= capacity_) {
            finishLocked({grpc::StatusCode::RESOURCE_EXHAUSTED,
                          "the client reads too slowly; ask again from the last event it saw"});
            return;
        }
        queue_.push_back(std::move(message));
        writeLocked();
    }

    /// Room for another message right now: for senders that can wait.
    [[nodiscard]] bool idle()
    {
        const std::lock_guard lock(mutex_);
        return queue_.empty();
    }

    /// Ends the stream once everything queued is written. Only the first call counts.
    void finish(grpc::Status status)
    {
        const std::lock_guard lock(mutex_);
        finishLocked(std::move(status));
    }

    void OnWriteDone(bool ok) override
    {
        const std::lock_guard lock(mutex_);
        writing_ = false;
        queue_.pop_front();
        if (!ok) {
            queue_.clear();
            if (!status_)
                status_ = grpc::Status::CANCELLED;
        }
        writeLocked();
    }

    void OnCancel() override { finish(grpc::Status::CANCELLED); }

    void OnDone() override { const auto last = std::move(self_); }

private:
    explicit StreamReactor(std::size_t capacity) : capacity_(capacity) {}

    void finishLocked(grpc::Status status)
    {
        if (!status_)
            status_ = std::move(status);
        if (!status_->ok() && !queue_.empty())
            queue_.erase(queue_.begin() + (writing_ ? 1 : 0), queue_.end());
        writeLocked();
    }

    void writeLocked()
    {
        if (writing_ || finished_)
            return;
        if (!queue_.empty()) {
            writing_ = true;
            this->StartWrite(&queue_.front());
        } else if (status_) {
            finished_ = true;
            this->Finish(*status_);
        }
    }

    const std::size_t capacity_;
    std::shared_ptr<StreamReactor> self_; // gRPC's reference
    std::mutex mutex_;
    // Guarded by mutex_.
    std::deque<Message> queue_;
    std::optional<grpc::Status> status_;
    bool writing_ = false, finished_ = false;
};

} // namespace teehost::api
