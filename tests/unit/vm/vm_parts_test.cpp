// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include <arpa/inet.h>
#include <cppunit/extensions/HelperMacros.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>

#include "host/base/error.h"
#include "host/base/unique_fd.h"
#include "host/vm/console.h"
#include "host/vm/event_log.h"
#include "host/vm/guest_panic.h"
#include "host/vm/ports.h"
#include "host/vm/user_network.h"
#include "host/vm/vm_state.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::vm {
namespace {

class VmPartsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(VmPartsTest);
    CPPUNIT_TEST(everyStateButTheLastTwoCanBeCleaned);
    CPPUNIT_TEST(endedStatesAreFinal);
    CPPUNIT_TEST(readsPortRanges);
    CPPUNIT_TEST(portsAreHandedOutOnceAndComeBack);
    CPPUNIT_TEST(portsOfOthersAreSkipped);
    CPPUNIT_TEST(theDaemonsOwnPortsAreSkipped);
    CPPUNIT_TEST(quarantinedPortsAreSkipped);
    CPPUNIT_TEST(aFullRangeSaysSo);
    CPPUNIT_TEST(eventsAreNumberedAndForgotten);
    CPPUNIT_TEST(listenersMayLeaveWhileTold);
    CPPUNIT_TEST(panicsAreToldInTheGuestsWords);
    CPPUNIT_TEST(rotationBoundsTheLog);
    CPPUNIT_TEST(lastLinesAreHarmless);
    CPPUNIT_TEST(lastWordsAreFoundAfterARotation);
    CPPUNIT_TEST(anEmptyConsoleIsCalledEmpty);
    CPPUNIT_TEST(knowsWhatTheGuestHasTaken);
    CPPUNIT_TEST_SUITE_END();

    static constexpr VmState kAll[] = {VmState::Preparing, VmState::Launching, VmState::Booting,
                                       VmState::Running,   VmState::Paused,    VmState::Stopping,
                                       VmState::Cleaning,  VmState::Stopped,   VmState::Failed};

    void everyStateButTheLastTwoCanBeCleaned()
    {
        for (const auto state : kAll) {
            const bool living = !isEnded(state) && state != VmState::Cleaning;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(stateName(state)), living,
                                         isLegal(state, VmState::Cleaning));
            CPPUNIT_ASSERT(!isLegal(state, state));
            CPPUNIT_ASSERT(!isLegal(state, VmState::Preparing));
        }
        CPPUNIT_ASSERT(!isLegal(VmState::Preparing, VmState::Booting));
        CPPUNIT_ASSERT(!isLegal(VmState::Stopping, VmState::Running));
    }

    void endedStatesAreFinal()
    {
        for (const auto to : kAll)
            CPPUNIT_ASSERT(!isLegal(VmState::Stopped, to) && !isLegal(VmState::Failed, to));
    }

    void readsPortRanges()
    {
        const auto range = parsePortRange("6100-6200");
        CPPUNIT_ASSERT_EQUAL(6100, int{range.low});
        CPPUNIT_ASSERT_EQUAL(6200, int{range.high});
        for (const std::string_view text :
             {"", "6100", "6200-6100", "0-1", "1-65536", "a-b", "6100 - 6200", "-1-5", "6100-6200x"})
            CPPUNIT_ASSERT_THROW_MESSAGE(std::string(text), (void)parsePortRange(text), InvalidArgument);
    }

    /// A loopback port nobody uses, with `count - 1` free ones behind it.
    static std::uint16_t freePorts(int count)
    {
        for (std::uint16_t base = 21000; base < 60000; base = static_cast<std::uint16_t>(base + count)) {
            PortPool pool({base, static_cast<std::uint16_t>(base + count - 1)}, "127.0.0.1");
            std::vector<PortPool::Lease> leases;
            try {
                for (int i = 0; i < count; ++i)
                    leases.push_back(pool.take());
                return base;
            } catch (const Error&) {
            }
        }
        CPPUNIT_FAIL("no free ports");
        return 0;
    }

    void portsAreHandedOutOnceAndComeBack()
    {
        const auto base = freePorts(2);
        PortPool pool({base, static_cast<std::uint16_t>(base + 1)}, "127.0.0.1");
        auto first = pool.take();
        const auto second = pool.take();
        CPPUNIT_ASSERT_EQUAL(base, *first);
        CPPUNIT_ASSERT_EQUAL(static_cast<std::uint16_t>(base + 1), *second);
        first.reset();
        CPPUNIT_ASSERT_EQUAL(base, *pool.take());
    }

    void portsOfOthersAreSkipped()
    {
        const auto base = freePorts(2);
        const UniqueFd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(base);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CPPUNIT_ASSERT_EQUAL(
            0, ::bind(other.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
        PortPool pool({base, static_cast<std::uint16_t>(base + 1)}, "127.0.0.1");
        CPPUNIT_ASSERT_EQUAL(static_cast<std::uint16_t>(base + 1), *pool.take());
    }

    void theDaemonsOwnPortsAreSkipped()
    {
        const auto base = freePorts(3);
        const auto next = static_cast<std::uint16_t>(base + 1);
        PortPool pool({base, static_cast<std::uint16_t>(base + 2), {base, next}}, "127.0.0.1");
        CPPUNIT_ASSERT_EQUAL(static_cast<std::uint16_t>(base + 2), *pool.take());
    }

    void quarantinedPortsAreSkipped()
    {
        const auto base = freePorts(2);
        PortPool pool({base, static_cast<std::uint16_t>(base + 1)}, "127.0.0.1");
        pool.quarantine(base);
        CPPUNIT_ASSERT_EQUAL(static_cast<std::uint16_t>(base + 1), *pool.take());
    }

    void aFullRangeSaysSo()
    {
        const auto base = freePorts(1);
        PortPool pool({base, base}, "127.0.0.1");
        const auto lease = pool.take();
        try {
            (void)pool.take();
            CPPUNIT_FAIL("one port was handed out twice");
        } catch (const Error& error) {
            CPPUNIT_ASSERT(error.category() == Category::ResourceExhausted);
            CPPUNIT_ASSERT(describe(error).find("qemu.host_fwd_range") != std::string::npos);
        }
    }

    static void append(EventLog& log, const std::string& kind)
    {
        Event event;
        event.kind = kind;
        log.stamp(event);
        log.append(event);
    }

    void eventsAreNumberedAndForgotten()
    {
        EventLog log(2);
        for (const auto* kind : {"a", "b", "c"})
            append(log, kind);
        std::string seen;
        log.replay(0, [&](const Event& event) { seen += std::to_string(event.seq) + event.kind; });
        CPPUNIT_ASSERT_EQUAL(std::string("2b3c"), seen);
        seen.clear();
        log.replay(2, [&](const Event& event) { seen += event.kind; });
        CPPUNIT_ASSERT_EQUAL(std::string("c"), seen);
    }

    void listenersMayLeaveWhileTold()
    {
        EventLog log(8);
        std::string seen;
        EventLog::Subscription first = log.subscribe([&](const Event& event) {
            seen += event.kind;
            first.reset();
        });
        const auto second = log.subscribe([&](const Event& event) { seen += event.kind + "2"; });
        append(log, "a");
        append(log, "b");
        CPPUNIT_ASSERT_EQUAL(std::string("aa2b2"), seen);
    }

    void panicsAreToldInTheGuestsWords()
    {
        const auto words = [](const char* json) { return panicWords(nlohmann::json::parse(json)); };
        CPPUNIT_ASSERT_EQUAL(
            std::string("tdx: error-code=3, message=TD\\x1b[2J"),
            words(R"({"action":"pause","info":{"type":"tdx","error-code":3,"message":"TD\u001b[2J"}})"));
        CPPUNIT_ASSERT_EQUAL(std::string("hyper-v: arg1=7, arg2=8"),
                             words(R"({"info":{"type":"hyper-v","arg1":7,"arg2":8}})"));
        for (const char* nothing : {R"({"action":"pause"})", R"({"info":7})", R"({"info":{"type":"tdx"}})",
                                    "[]", R"({"info":{"message":[]}})"})
            CPPUNIT_ASSERT_EQUAL(std::string(), words(nothing));
        const std::string flood(100'000, 'x');
        CPPUNIT_ASSERT(panicWords({{"info", {{"message", flood}}}}).size() <= 200);
    }

    void rotationBoundsTheLog()
    {
        const launch::ScratchDir dir;
        const auto path = dir.write("console.log", std::string(1000, 'a') + "END");
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rotateLog(path, 2000));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1003}, rotateLog(path, 100));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, fileSize(path));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{100}, fileSize(path + ".1"));
        CPPUNIT_ASSERT_EQUAL(std::string("aEND"), tail(path + ".1", 4));
        CPPUNIT_ASSERT_EQUAL(std::string(), readFileAt(path, 5, 10));
        CPPUNIT_ASSERT_EQUAL(std::string(), readFileAt("/no/such", 0, 10));
    }

    void lastLinesAreHarmless()
    {
        const launch::ScratchDir dir;
        const auto path = dir.write("console.log", "one\ntwo\x1b[2J\r\n" + std::string(500, 'x') + "\n");
        CPPUNIT_ASSERT_EQUAL("two\\x1b[2J\n" + std::string(200, 'x'), lastLines(path, 2));
    }

    /// The reason of an end is moved away with the rest of the log when the guest wrote much before it.
    void lastWordsAreFoundAfterARotation()
    {
        const launch::ScratchDir dir;
        dir.write("console.log.1", "one\nKernel panic - not syncing: no init\n");
        const auto path = dir.write("console.log", "\n\n");
        CPPUNIT_ASSERT_EQUAL(std::string("Kernel panic - not syncing: no init"), lastWords(path, 5));
        dir.write("console.log.1", "one\ntwo\n");
        dir.write("console.log", "three\n");
        CPPUNIT_ASSERT_EQUAL(std::string("two\nthree"), lastLines(path, 2));
    }

    /// The table as QEMU 7.2 prints it.
    void knowsWhatTheGuestHasTaken()
    {
        const std::string head =
            "Hub -1 (vmnic):\r\n"
            "  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n";
        const std::string forward =
            "  TCP[HOST_FORWARD]  10       127.0.0.1 17941       10.0.2.15  7002     0     0\r\n";
        CPPUNIT_ASSERT_EQUAL(
            std::size_t{1},
            countEstablished(
                head + "  TCP[ESTABLISHED]   31       127.0.0.1 17941       10.0.2.15  7002     0     0\r\n" +
                    forward,
                7002));
        for (const std::string& line :
             {std::string(
                  "  TCP[SYN_SENT]      31       127.0.0.1 17941       10.0.2.15  7002     0     0\r\n"),
              std::string(
                  "  TCP[TIME_WAIT]     31       127.0.0.1 17941       10.0.2.15  7002     0     0\r\n"),
              std::string(
                  "  TCP[ESTABLISHED]   31       10.0.2.15  7002        10.0.2.2    17     0     0\r\n"),
              std::string("  TCP[ESTABLISHED]   31 127.0.0.1\r\n"), std::string(100'000, ' ')})
            CPPUNIT_ASSERT_MESSAGE(line.substr(0, 80), countEstablished(head + line + forward, 7002) == 0);
    }

    void anEmptyConsoleIsCalledEmpty()
    {
        const launch::ScratchDir dir;
        const auto path = dir.write("console.log", "\n \n");
        CPPUNIT_ASSERT_EQUAL(std::string("; its console is empty"), consoleSays(path, 5));
        CPPUNIT_ASSERT_EQUAL(std::string("; its console is empty"), consoleSays(path + "-absent", 5));
        dir.write("console.log", "word\n");
        CPPUNIT_ASSERT_EQUAL(std::string("; the console says:\nword"), consoleSays(path, 5));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(VmPartsTest);

} // namespace
} // namespace teehost::vm
