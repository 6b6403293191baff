// SPDX-License-Identifier: Apache-2.0
//
// The client against servers of every manner, in this process.
#include <algorithm>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/cvms/client.h"
#include "guest/agent/cvms/message.h"
#include "host/base/unique_fd.h"
#include "proto/cvms_service.h"

namespace teehost::guest {
namespace {

using namespace std::chrono_literals;
using Stream = cvms::ProcessService::Stream;

class FakeServer final : public cvms::ProcessService {
public:
    using Manner = std::function<void(grpc::ServerContext&, Stream&)>;

    explicit FakeServer(Manner manner) : manner_(std::move(manner))
    {
        grpc::ServerBuilder builder;
        builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
        builder.RegisterService(this);
        server_ = builder.BuildAndStart();
    }
    ~FakeServer() override { server_->Shutdown(std::chrono::system_clock::now()); }

    grpc::Status process(grpc::ServerContext& context, Stream& stream) override
    {
        ++streams_;
        manner_(context, stream);
        return grpc::Status::OK;
    }

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] int streams() const { return streams_; }

private:
    Manner manner_;
    int port_ = 0;
    std::atomic<int> streams_ = 0;
    std::unique_ptr<grpc::Server> server_;
};

/// A TCP server that answers whatever it is sent with the same bytes.
class RawServer {
public:
    explicit RawServer(std::string answer)
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
          thread_([this, answer] { serve(answer); })
    {
    }
    ~RawServer() { ::shutdown(socket_.get(), SHUT_RDWR); }

    [[nodiscard]] std::string address() { return "127.0.0.1:" + std::to_string(port_.get_future().get()); }

private:
    void serve(const std::string& answer)
    {
        sockaddr_in any{};
        any.sin_family = AF_INET;
        any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof any;
        ::bind(socket_.get(), reinterpret_cast<sockaddr*>(&any), size);
        ::listen(socket_.get(), 8);
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&any), &size);
        port_.set_value(ntohs(any.sin_port));
        for (UniqueFd peer(::accept(socket_.get(), nullptr, nullptr)); peer;
             peer.reset(::accept(socket_.get(), nullptr, nullptr))) {
            char ignored[1024];
            if (::recv(peer.get(), ignored, sizeof ignored, 0) > 0)
                ::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
        }
    }

    UniqueFd socket_;
    std::promise<std::uint16_t> port_;
    std::jthread thread_;
};

class SessionTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SessionTest);
    CPPUNIT_TEST(sendsWithItsJobIdAndFinishes);
    CPPUNIT_TEST(answersRequests);
    CPPUNIT_TEST(obeysADisconnect);
    CPPUNIT_TEST(obeysADisconnectOfAServerThatReadsNothing);
    CPPUNIT_TEST(dialsAgainAndLosesNothingUnsent);
    CPPUNIT_TEST(survivesAFloodOfRequestsWithoutAReader);
    CPPUNIT_TEST(survivesAMessageThatIsTooLong);
    CPPUNIT_TEST(survivesGarbageAndSilence);
    CPPUNIT_TEST_SUITE_END();

    /// A client in a thread of its own, and what it says.
    struct Client {
        explicit Client(const std::string& address, std::chrono::milliseconds connectLimit = 60s)
        {
            settings.target = "ipv4:" + address;
            settings.address = address;
            settings.computation = "vm-1";
            settings.connect_limit = connectLimit;
            thread = std::jthread([this] {
                runClient(settings, credentialsOf({}), outbox, Backoff([] { return 0.0; }),
                          {[this](LogLevel level, std::string_view text) {
                               const std::lock_guard lock(mutex);
                               said.push_back(std::string(nameOf(level)) + " " + std::string(text));
                               changed.notify_all();
                           },
                           {[] { return "Idle"; }, [](const auto&) { return false; }}});
                ended.set_value();
            });
        }
        ~Client() { outbox.finish(); }

        void push(const std::string& text) { outbox.push(logMessage(LogLevel::Info, text, {})); }
        void waitUntilItSays(const std::string& words)
        {
            std::unique_lock lock(mutex);
            const auto isThere = [&] {
                return std::any_of(said.begin(), said.end(), [&](const std::string& text) {
                    return text.find(words) != std::string::npos;
                });
            };
            CPPUNIT_ASSERT_MESSAGE(words, changed.wait_for(lock, 60s, isThere));
        }
        void waitUntilItEnds()
        {
            CPPUNIT_ASSERT(ended.get_future().wait_for(60s) == std::future_status::ready);
        }

        ClientSettings settings;
        Outbox outbox{{}};
        std::mutex mutex;
        std::condition_variable changed;
        std::vector<std::string> said; ///< guarded by mutex
        std::promise<void> ended;
        std::jthread thread;
    };

    static cvms::ServerStreamMessage stateRequest()
    {
        cvms::ServerStreamMessage request;
        request.mutable_agentstatereq()->set_id("q");
        return request;
    }
    static cvms::ServerStreamMessage disconnectRequest()
    {
        cvms::ServerStreamMessage request;
        request.mutable_disconnectreq()->set_id("d");
        return request;
    }

    void sendsWithItsJobIdAndFinishes()
    {
        std::string job;
        std::vector<std::string> got;
        std::promise<void> closed;
        FakeServer server([&](grpc::ServerContext& context, Stream& stream) {
            const auto found = context.client_metadata().find("job-id");
            job = std::string(found->second.data(), found->second.size());
            for (cvms::ClientStreamMessage message; stream.Read(&message);)
                got.push_back(message.agent_log().message());
            closed.set_value();
        });
        Client client(server.address());
        for (int i = 0; i < 100; ++i)
            client.push(std::to_string(i));
        client.waitUntilItSays("INFO connected");
        client.outbox.finish();
        client.waitUntilItEnds();
        CPPUNIT_ASSERT(closed.get_future().wait_for(60s) == std::future_status::ready);
        CPPUNIT_ASSERT_EQUAL(std::string("vm-1"), job);
        CPPUNIT_ASSERT_EQUAL(std::size_t{100}, got.size());
        CPPUNIT_ASSERT_EQUAL(std::string("99"), got.back());
    }

    void answersRequests()
    {
        std::promise<std::string> state;
        FakeServer server([&](grpc::ServerContext&, Stream& stream) {
            stream.Write(stateRequest());
            cvms::ClientStreamMessage message;
            while (stream.Read(&message) && !message.has_agentstateres()) {
            }
            state.set_value(message.agentstateres().state());
            while (stream.Read(&message)) {
            }
        });
        Client client(server.address());
        auto told = state.get_future();
        CPPUNIT_ASSERT(told.wait_for(60s) == std::future_status::ready);
        CPPUNIT_ASSERT_EQUAL(std::string("Idle"), told.get());
    }

    void obeysADisconnect()
    {
        FakeServer server([&](grpc::ServerContext&, Stream& stream) {
            stream.Write(disconnectRequest());
            for (cvms::ClientStreamMessage message; stream.Read(&message);) {
            }
        });
        Client client(server.address());
        client.waitUntilItEnds();
        client.waitUntilItSays("asked to disconnect");
        CPPUNIT_ASSERT_EQUAL(1, server.streams());
    }

    void obeysADisconnectOfAServerThatReadsNothing()
    {
        FakeServer server([&](grpc::ServerContext& context, Stream& stream) {
            while (!context.IsCancelled() && stream.Write(disconnectRequest())) {
            }
        });
        Client client(server.address());
        for (int i = 0; i < 2000; ++i) // more than a window of HTTP/2
            client.push(std::string(500, 'x'));
        client.waitUntilItEnds();
    }

    void dialsAgainAndLosesNothingUnsent()
    {
        std::mutex mutex;
        std::vector<std::string> got;
        std::promise<void> second;
        std::atomic<int> streams = 0;
        FakeServer server([&](grpc::ServerContext&, Stream& stream) {
            cvms::ClientStreamMessage message;
            if (streams++ == 0)
                return;
            while (stream.Read(&message)) {
                const std::lock_guard lock(mutex);
                got.push_back(message.agent_log().message());
                if (got.back() == "after")
                    second.set_value();
            }
        });
        Client client(server.address());
        client.waitUntilItSays("dialing again in 0.5 s");
        client.push("after");
        CPPUNIT_ASSERT(second.get_future().wait_for(60s) == std::future_status::ready);
    }

    void survivesAFloodOfRequestsWithoutAReader()
    {
        std::atomic<int> written = 0;
        FakeServer server([&](grpc::ServerContext& context, Stream& stream) {
            // A client that kept everything would take it all, as fast as it comes.
            const auto until = std::chrono::steady_clock::now() + 300ms;
            std::jthread cut([&] {
                std::this_thread::sleep_until(until);
                context.TryCancel();
            });
            while (stream.Write(stateRequest()))
                ++written;
        });
        Client client(server.address());
        client.waitUntilItSays("computation-management service at");
        CPPUNIT_ASSERT_MESSAGE(std::to_string(written), written < 200'000);
    }

    void survivesAMessageThatIsTooLong()
    {
        FakeServer server([&](grpc::ServerContext&, Stream& stream) {
            cvms::ServerStreamMessage request;
            request.set_runreq(std::string(5u << 20, 'r'));
            stream.Write(request);
            for (cvms::ClientStreamMessage message; stream.Read(&message);) {
            }
        });
        Client client(server.address());
        client.waitUntilItSays("larger than max");
    }

    void survivesGarbageAndSilence()
    {
        for (const auto* answer :
             {"HTTP/1.1 400 Bad Request\r\n\r\n", "\xff\xff\xff\xff\xff\xff\xff\xff", ""}) {
            RawServer server(answer);
            Client client(server.address(), 500ms);
            client.push("a line");
            client.waitUntilItSays("cannot reach the computation-management service");
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SessionTest);

} // namespace
} // namespace teehost::guest
