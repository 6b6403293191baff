// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "cvms.pb.h"

namespace teehost::guest {

/// The messages that wait to be sent, within bounds even when nobody reads them. Logs and events outlive
/// connections: past the bounds the oldest are dropped, and how many they were goes out in their place.
/// Replies belong to one connection: past their bound whoever makes them waits, and so stops reading
/// requests. All members may be called from any thread.
class Outbox {
public:
    struct Bounds {
        std::size_t messages = 2048;
        std::size_t bytes = 1u << 20; ///< as serialised
        std::size_t replies = 16;
    };

    /// One message on its way; `stands_for` of those dropped, or 0.
    struct Item {
        cvms::ClientStreamMessage message;
        std::uint64_t stands_for = 0;
        bool is_reply = false;
    };

    explicit Outbox(Bounds bounds) : bounds_(bounds) {}

    void push(cvms::ClientStreamMessage message);
    /// Waits for room; false when the connection has ended and the reply is no use any more.
    bool reply(cvms::ClientStreamMessage message);

    void beginConnection();
    /// Forgets replies, and ends the waits of reply() and next().
    void endConnection();

    /// Waits for the next message, replies first. Nothing when the connection has ended, or after finish()
    /// when all is sent.
    [[nodiscard]] std::optional<Item> next();
    /// Takes back an item of next() that could not be sent: it is the next one of the next connection, unless
    /// it was a reply.
    void putBack(Item item);

    /// From now on nobody waits for more.
    void finish();
    [[nodiscard]] bool finishing() const;
    /// Waits that long; false as soon as finish() is called.
    bool pause(std::chrono::milliseconds duration);

private:
    void dropWhatIsTooMuch();

    const Bounds bounds_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // All below: guarded by mutex_.
    std::deque<Item> items_;
    std::deque<cvms::ClientStreamMessage> replies_;
    std::size_t bytes_ = 0; ///< of items_
    std::uint64_t dropped_ = 0;
    std::chrono::system_clock::time_point lastDrop_;
    bool connected_ = false;
    bool finishing_ = false;
};

} // namespace teehost::guest
