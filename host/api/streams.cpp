// SPDX-License-Identifier: Apache-2.0
#include "host/api/streams.h"

#include "host/api/convert.h"
#include "host/base/error.h"

namespace teehost::api {
namespace {

using namespace std::chrono_literals;

// More than the log remembers, so that a replay always fits.
constexpr std::size_t kEventQueue = 8192;
constexpr std::size_t kConsoleQueue = 4;
constexpr std::size_t kConsoleChunkBytes = 64 * 1024;
constexpr auto kConsolePoll = 100ms;

constexpr std::size_t kMaxKeyBytes = 64;

/// Selects the events of a stream; checked, so that a client cannot make us keep megabytes.
struct EventFilter {
    explicit EventFilter(const v1::WatchEventsRequest& request)
        : vmId(request.vm_id()), idempotencyKey(request.idempotency_key())
    {
        if (!vmId.empty() && !VmId::parse(vmId))
            throw InvalidArgument("is not the id of a VM", "vm_id", "ids are UUIDs in lower case");
        if (idempotencyKey.size() > kMaxKeyBytes)
            throw InvalidArgument("is longer than 64 characters", "idempotency_key");
    }

    [[nodiscard]] bool wants(const vm::Event& event) const
    {
        return (vmId.empty() || vmId == event.vmId) &&
               (idempotencyKey.empty() || idempotencyKey == event.idempotencyKey);
    }

    std::string vmId, idempotencyKey;
};

using EventStream = StreamReactor<v1::Event>;

asio::awaitable<void> feedEvents(vm::Supervisor& supervisor, std::shared_ptr<EventStream> stream,
                                 v1::WatchEventsRequest request)
{
    const auto forward = [stream, filter = EventFilter(request)](const vm::Event& event) {
        if (!filter.wants(event))
            return;
        v1::Event message;
        toProto(event, message);
        stream->send(std::move(message));
    };
    auto& events = supervisor.events();
    if (!request.only_new())
        events.replay(request.after_seq(), forward);
    if (!request.follow()) {
        stream->finish(grpc::Status::OK);
        co_return;
    }
    const auto subscription = events.subscribe(forward);
    // The subscription ends on this thread, a moment after the stream.
    asio::steady_timer timer(supervisor.io());
    while (!stream->ended()) {
        timer.expires_after(kConsolePoll);
        co_await expiry(timer);
    }
}

using ConsoleStream = StreamReactor<v1::ConsoleChunk>;

asio::awaitable<void> feedConsole(vm::Supervisor& supervisor, std::shared_ptr<ConsoleStream> stream,
                                  v1::ReadConsoleRequest request)
{
    if (!VmId::parse(request.vm_id()))
        throw InvalidArgument("is not the id of a VM", "vm_id", "ids are UUIDs in lower case");
    const std::string& id = request.vm_id();
    std::uint64_t offset = request.offset();
    if (const auto end = supervisor.consoleEnd(id); request.tail_bytes() > 0)
        offset = end > request.tail_bytes() ? end - request.tail_bytes() : 0;
    asio::steady_timer timer(supervisor.io());
    while (!stream->ended()) {
        // A VM that was removed meanwhile has ended, and its console with it.
        if (!supervisor.knows(id)) {
            stream->finish(grpc::Status::OK);
            co_return;
        }
        // Keeps this order: the text that the guest wrote before it ended is read after its end was seen.
        const bool last = !request.follow() || vm::isEnded(supervisor.get(id).state);
        vm::Supervisor::ConsoleBytes bytes;
        if (stream->idle())
            bytes = co_await supervisor.readConsole(id, offset, kConsoleChunkBytes);
        if (!bytes.data.empty()) {
            offset = bytes.offset + bytes.data.size();
            v1::ConsoleChunk chunk;
            chunk.set_offset(bytes.offset);
            chunk.set_data(std::move(bytes.data));
            stream->send(std::move(chunk));
            continue;
        }
        if (last && stream->idle()) {
            stream->finish(grpc::Status::OK);
            co_return;
        }
        timer.expires_after(stream->idle() ? kConsolePoll : 2ms);
        co_await expiry(timer);
    }
}

template <class Stream>
auto finishOnError(std::shared_ptr<Stream> stream, const Log& log)
{
    return [stream, &log](std::exception_ptr error) {
        if (error)
            stream->finish(toStatus(error, log));
    };
}

} // namespace

grpc::ServerWriteReactor<v1::Event>* watchEvents(vm::Supervisor& supervisor, const Log& log,
                                                 const v1::WatchEventsRequest& request)
{
    const auto stream = EventStream::make(kEventQueue);
    const auto feed = [&supervisor, stream, request] { return feedEvents(supervisor, stream, request); };
    spawn(supervisor.io(), feed, finishOnError(stream, log));
    return stream.get();
}

grpc::ServerWriteReactor<v1::ConsoleChunk>* readConsole(vm::Supervisor& supervisor, const Log& log,
                                                        const v1::ReadConsoleRequest& request)
{
    const auto stream = ConsoleStream::make(kConsoleQueue);
    const auto feed = [&supervisor, stream, request] { return feedConsole(supervisor, stream, request); };
    spawn(supervisor.io(), feed, finishOnError(stream, log));
    return stream.get();
}

} // namespace teehost::api
