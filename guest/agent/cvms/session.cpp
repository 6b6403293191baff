// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/cvms/session.h"

#include <atomic>
#include <future>
#include <optional>
#include <thread>

#include <grpcpp/grpcpp.h>

#include "guest/agent/cvms/replies.h"
#include "proto/cvms_service.h"

namespace teehost::guest {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// One stream: the calling thread writes, a thread of the session's own reads.
class Session {
public:
    Session(const std::shared_ptr<grpc::Channel>& channel, Outbox& outbox, const SessionContext& context)
        : channel_(channel), outbox_(outbox), context_(context)
    {
        call_.AddMetadata("job-id", context.computation);
        stream_ = cvms::openProcess(*channel_, call_);
    }

    SessionEnd run()
    {
        outbox_.beginConnection();
        std::thread reader([this] { readRequests(); });
        writeMessages();
        outbox_.endConnection();
        stream_->WritesDone();
        written_.set_value();
        if (readerEnded_.get_future().wait_for(kFarewell) != std::future_status::ready)
            call_.TryCancel();
        reader.join();
        return end(stream_->Finish());
    }

private:
    void writeMessages()
    {
        while (auto item = outbox_.next()) {
            if (!stream_->Write(item->message)) {
                outbox_.putBack(std::move(*item));
                return;
            }
            if (!since_) {
                since_ = steady_clock::now();
                context_.connected();
            }
        }
        finished_ = outbox_.finishing();
    }

    void readRequests()
    {
        Requests requests(context_.computation, context_.requests);
        cvms::ServerStreamMessage request;
        bool open = true;
        while (!disconnected_ && (open = stream_->Read(&request))) {
            if (request.has_disconnectreq())
                disconnected_ = true;
            else if (auto reply = requests.take(request))
                outbox_.reply(std::move(*reply));
        }
        outbox_.endConnection();
        // A write may wait for a server that reads nothing.
        if (disconnected_ && written_.get_future().wait_for(kFarewell) != std::future_status::ready)
            call_.TryCancel();
        while (open)
            open = stream_->Read(&request);
        readerEnded_.set_value();
    }

    SessionEnd end(const grpc::Status& status)
    {
        SessionEnd end;
        if (since_)
            end.lasted = std::chrono::duration_cast<milliseconds>(steady_clock::now() - *since_);
        end.words = status.ok() ? "the server closed the stream" : status.error_message();
        if (disconnected_)
            end.why = SessionEnd::Why::Disconnected;
        else if (finished_)
            end.why = SessionEnd::Why::Finished;
        return end;
    }

    const std::shared_ptr<grpc::Channel> channel_;
    Outbox& outbox_;
    const SessionContext& context_;
    grpc::ClientContext call_;
    std::unique_ptr<cvms::ProcessStream> stream_;
    std::promise<void> written_, readerEnded_;
    std::optional<steady_clock::time_point> since_;
    bool finished_ = false;
    std::atomic<bool> disconnected_ = false;
};

} // namespace

SessionEnd runSession(const std::shared_ptr<grpc::Channel>& channel, Outbox& outbox,
                      const SessionContext& context)
{
    return Session(channel, outbox, context).run();
}

} // namespace teehost::guest
