// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <csignal>
#include <semaphore>

#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include "cli/client/interrupt.h"
#include "cli/client/proto_duration.h"
#include "cli/client/status.h"
#include "cli/client/vm_lookup.h"

namespace teehost::cli {
namespace {

using namespace std::chrono_literals;

class ClientTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ClientTest);
    CPPUNIT_TEST(givesEveryStatusAnExitCode);
    CPPUNIT_TEST(speaksNoGrpc);
    CPPUNIT_TEST(tellsWhyNobodyAnswers);
    CPPUNIT_TEST(resolvesPrefixes);
    CPPUNIT_TEST(refusesAmbiguousAndUnknownIds);
    CPPUNIT_TEST(splitsDurations);
    CPPUNIT_TEST(runsActionsWhenInterrupted);
    CPPUNIT_TEST_SUITE_END();

    static int codeOf(grpc::StatusCode code, const std::string& message = "m")
    {
        return static_cast<int>(failureFromStatus({code, message}, "", "localhost:7001").code());
    }

    void givesEveryStatusAnExitCode()
    {
        using enum grpc::StatusCode;
        struct Row {
            grpc::StatusCode status;
            int exitCode;
        };
        constexpr Row rows[] = {{CANCELLED, 1},
                                {UNKNOWN, 1},
                                {INVALID_ARGUMENT, 2},
                                {DEADLINE_EXCEEDED, 7},
                                {NOT_FOUND, 4},
                                {ALREADY_EXISTS, 1},
                                {PERMISSION_DENIED, 1},
                                {UNAUTHENTICATED, 1},
                                {RESOURCE_EXHAUSTED, 6},
                                {FAILED_PRECONDITION, 1},
                                {ABORTED, 1},
                                {OUT_OF_RANGE, 1},
                                {UNIMPLEMENTED, 1},
                                {INTERNAL, 1},
                                {UNAVAILABLE, 5},
                                {DATA_LOSS, 1}};
        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE("status " + std::to_string(row.status), row.exitCode,
                                         codeOf(row.status));
    }

    void speaksNoGrpc()
    {
        using enum grpc::StatusCode;
        std::vector<grpc::Status> statuses{{DEADLINE_EXCEEDED, "Deadline Exceeded"},
                                           {UNAVAILABLE, "Socket closed"},
                                           {UNAVAILABLE, "Connection reset by peer"},
                                           {UNAVAILABLE, "Cancelling all calls"}};
        for (int code = CANCELLED; code <= UNAUTHENTICATED; ++code)
            statuses.emplace_back(static_cast<grpc::StatusCode>(code), "");
        for (const auto& status : statuses) {
            const std::string told = failureFromStatus(status, "", "localhost:7001").what();
            CPPUNIT_ASSERT(!told.empty());
            CPPUNIT_ASSERT_MESSAGE(told, status.error_message().empty() ||
                                             told.find(status.error_message()) == std::string::npos);
            for (const char* jargon : {"RPC", "status", "call"})
                CPPUNIT_ASSERT_MESSAGE(told, told.find(jargon) == std::string::npos);
        }
        const Failure hinted =
            failureFromStatus({grpc::StatusCode::RESOURCE_EXHAUSTED, "full"}, "remove one", "x:1");
        CPPUNIT_ASSERT_EQUAL(std::string("full"), std::string(hinted.what()));
        CPPUNIT_ASSERT_EQUAL(std::string("remove one"), hinted.hint());
    }

    void tellsWhyNobodyAnswers()
    {
        struct Row {
            const char* detail;
            const char* told;
        };
        constexpr Row rows[] = {
            {"failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed to connect "
             "to remote "
             "host: Connection refused",
             "connection refused"},
            {"DNS resolution failed for nosuch:7001: C-ares status is not ARES_SUCCESS qtype=A name=nosuch "
             "is_balancer=0: Domain name not found",
             "the name cannot be resolved"},
            {"last error: UNKNOWN: Ssl handshake failed: SSL_ERROR_SSL: error:0A000086:SSL "
             "routines::certificate verify "
             "failed",
             "its certificate is not signed by the given CA"},
            {"Ssl handshake failed: SSL_ERROR_SSL: error:0A00010B:SSL routines::wrong version number",
             "it does not speak TLS"},
            {"Socket closed", "it closed the connection"},
            {"timed out", "no answer"},
            {"something: quite: new", "new"},
        };
        for (const auto& row : rows) {
            const Failure failure = unreachable("host:1", row.detail);
            CPPUNIT_ASSERT_EQUAL(std::string("cannot reach the daemon at host:1: ") + row.told,
                                 std::string(failure.what()));
            CPPUNIT_ASSERT(failure.code() == ExitCode::Unreachable);
            CPPUNIT_ASSERT(!failure.hint().empty());
        }
    }

    void resolvesPrefixes()
    {
        const std::vector<std::string> ids{"3f2a", "3f2b", "91c0", "91"};
        CPPUNIT_ASSERT_EQUAL(std::string("3f2a"), matchId(ids, "3f2a"));
        CPPUNIT_ASSERT_EQUAL(std::string("3f2b"), matchId(ids, "3F2B"));
        CPPUNIT_ASSERT_EQUAL(std::string("91c0"), matchId(ids, "91c"));
        CPPUNIT_ASSERT_EQUAL(std::string("91"),
                             matchId(ids, "91")); // whole, though also the beginning of another
    }

    static ExitCode matchFailure(const std::vector<std::string>& ids, const std::string& typed)
    {
        try {
            static_cast<void>(matchId(ids, typed));
        } catch (const Failure& failure) {
            return failure.code();
        }
        return ExitCode::Ok;
    }

    void refusesAmbiguousAndUnknownIds()
    {
        CPPUNIT_ASSERT(matchFailure({"3f2a", "3f2b"}, "3f") == ExitCode::Usage);
        CPPUNIT_ASSERT(matchFailure({"3f2a", "3f2b"}, "4") == ExitCode::NotFound);
        CPPUNIT_ASSERT(matchFailure({}, "3f2a") == ExitCode::NotFound);
        CPPUNIT_ASSERT(matchFailure({"3f2a"}, "") == ExitCode::Usage);
    }

    void splitsDurations()
    {
        CPPUNIT_ASSERT_EQUAL(std::int64_t{5400}, toProto(90min).seconds());
        CPPUNIT_ASSERT_EQUAL(std::int32_t{250'000'000}, toProto(1250ms).nanos());
        CPPUNIT_ASSERT_EQUAL(std::int32_t{0}, toProto(90min).nanos());
    }

    void runsActionsWhenInterrupted()
    {
        Interrupt interrupt;
        CPPUNIT_ASSERT(!interrupt.pending());
        std::binary_semaphore ran{0};
        const Interrupt::Action action(interrupt, [&] { ran.release(); });
        std::atomic<bool> goneRan{false};
        {
            const Interrupt::Action gone(interrupt, [&] { goneRan = true; });
        }
        ::kill(::getpid(), SIGTERM);
        CPPUNIT_ASSERT(ran.try_acquire_for(10s));
        CPPUNIT_ASSERT(interrupt.pending());
        CPPUNIT_ASSERT(!goneRan);
        const Interrupt::Action late(interrupt, [&] { ran.release(); });
        CPPUNIT_ASSERT(ran.try_acquire()); // at once, because the signal has come already
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ClientTest);

} // namespace
} // namespace teehost::cli
