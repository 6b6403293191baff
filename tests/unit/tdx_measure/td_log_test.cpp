// SPDX-License-Identifier: Apache-2.0
//
// A TD's event log: where it ends, what it replays to, and where it leaves what was expected.
#include <cppunit/extensions/HelperMacros.h>

#include "refusal.h"
#include "tdx/measure/td_log.h"
#include "tdx_measure_factory/ccel.h"

namespace teehost::tdx::test {
namespace {

using tdx_factory::CcelBuilder;
using tdx_factory::LoggedEvent;
using teehost::test::expectRefusal;

kit::Sha384Digest digestOf(std::string_view text) { return kit::sha384(kit::viewOf(text)); }

/// What the events of a register make of it, by themselves.
kit::Sha384Digest byHand(const std::vector<LoggedEvent>& events, std::uint32_t reg)
{
    kit::Sha384Digest value{};
    for (const LoggedEvent& event : events) {
        if (event.reg != reg)
            continue;
        kit::Bytes both(value.begin(), value.end());
        const auto digest = digestOf(event.measured);
        both.insert(both.end(), digest.begin(), digest.end());
        value = kit::sha384(both);
    }
    return value;
}

class TdLogTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TdLogTest);
    CPPUNIT_TEST(replaysIntoTheRegisters);
    CPPUNIT_TEST(leavesMrtdAlone);
    CPPUNIT_TEST(endsWhereTheAreaIsUnused);
    CPPUNIT_TEST(refusesWhatIsNoLog);
    CPPUNIT_TEST(describesTheFirmwaresEvents);
    CPPUNIT_TEST(takesAcpiFromTheLog);
    CPPUNIT_TEST(explainsADifference);
    CPPUNIT_TEST_SUITE_END();

    void replaysIntoTheRegisters()
    {
        const auto events = tdx_factory::directBoot("quiet");
        const CcelBuilder builder{.events = events};
        const kit::Bytes bytes = builder.build();
        const kit::EventLog log = parseTdLog(bytes);
        CPPUNIT_ASSERT_EQUAL(events.size(), log.events.size());
        CPPUNIT_ASSERT_EQUAL(builder.used(), log.bytesUsed);
        const Rtmrs rtmrs = replayRtmrs(log);
        for (std::uint32_t i = 0; i < kRtmrs; ++i)
            CPPUNIT_ASSERT(rtmrs[i] == byHand(events, i + 1));
        CPPUNIT_ASSERT(kit::isZero(rtmrs[3]));
        CPPUNIT_ASSERT((countEvents(log) == std::array<std::size_t, 4>{14, 4, 2, 0}));
    }

    void leavesMrtdAlone()
    {
        const kit::Bytes bytes = CcelBuilder{.events = {{0, 0x4, "x", "x"}}}.build();
        for (const auto& rtmr : replayRtmrs(parseTdLog(bytes)))
            CPPUNIT_ASSERT(kit::isZero(rtmr));
    }

    void endsWhereTheAreaIsUnused()
    {
        const CcelBuilder builder{.events = {{1, 0x4, "a", "a"}}};
        const std::size_t used = builder.used();
        for (const std::uint8_t fill : {std::uint8_t{0}, std::uint8_t{0xFF}})
            for (std::size_t more = 0; more < 40; ++more) {
                CcelBuilder filled = builder;
                filled.size = used + more;
                filled.fill = fill;
                const kit::Bytes bytes = filled.build();
                const kit::EventLog log = parseTdLog(bytes);
                CPPUNIT_ASSERT_EQUAL(std::size_t{1}, log.events.size());
                CPPUNIT_ASSERT_EQUAL(used, log.bytesUsed);
            }
    }

    static void refuses(const CcelBuilder& builder)
    {
        expectRefusal("log_malformed", [&] { static_cast<void>(parseTdLog(builder.build())); });
    }

    void refusesWhatIsNoLog()
    {
        refuses({.events = {{5, 0x4, "x", "x"}}});                    // there is no RTMR4
        refuses({.events = {{1, 0x4, "x", "x"}}, .algorithm = 0x12}); // of unknown length
        refuses({.events = {{1, 0x4, "x", "x"}}, .algorithm = 0xB});  // not in the header
        refuses({.events = {{1, 0x4, "x", "x"}}, .fill = 'x'});
        const CcelBuilder builder{.events = {{1, 0x4, "x", "x"}}, .size = 0};
        const kit::Bytes whole = builder.build();
        const std::size_t header = CcelBuilder{.size = 0}.used();
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const kit::ByteView cut = kit::ByteView(whole).first(size);
            if (size == header) // which is a log without events
                CPPUNIT_ASSERT(parseTdLog(cut).events.empty());
            else
                expectRefusal("log_malformed", [&] { static_cast<void>(parseTdLog(cut)); });
        }
        expectRefusal("log_malformed",
                      [&] { static_cast<void>(parseTdLog(kit::ByteView(whole).subspan(header))); });
    }

    void describesTheFirmwaresEvents()
    {
        const kit::Bytes bytes = CcelBuilder{.events = tdx_factory::directBoot("quiet")}.build();
        const kit::EventLog log = parseTdLog(bytes);
        CPPUNIT_ASSERT_EQUAL(std::string("TdxTable"), describe(log.events[0]));
        CPPUNIT_ASSERT_EQUAL(std::string("CFV: 0x101010101010101 bytes at 0x101010101010101"),
                             describe(log.events[1]));
        CPPUNIT_ASSERT_EQUAL(std::string("SecureBoot, 0 bytes"), describe(log.events[2]));
        CPPUNIT_ASSERT_EQUAL(std::string("ACPI DATA"), describe(log.events[8]));
        CPPUNIT_ASSERT_EQUAL(std::string("RTMR2"), kit::nameOfRegister(log.kind, 3));
    }

    void takesAcpiFromTheLog()
    {
        auto events = tdx_factory::directBoot("quiet");
        const kit::Bytes bytes = CcelBuilder{.events = events}.build();
        const AcpiTables acpi = acpiOf(parseTdLog(bytes)).value();
        CPPUNIT_ASSERT(acpi.origin == AcpiOrigin::Log);
        CPPUNIT_ASSERT(acpi.loader == digestOf("loader") && acpi.rsdp == digestOf("rsdp") &&
                       acpi.tables == digestOf("tables"));
        events.push_back(events[8]);
        const kit::Bytes four = CcelBuilder{.events = events}.build();
        CPPUNIT_ASSERT(!acpiOf(parseTdLog(four)));
        events[8].reg = events.back().reg = 2; // another register's are not RTMR0's
        const kit::Bytes two = CcelBuilder{.events = events}.build();
        CPPUNIT_ASSERT(!acpiOf(parseTdLog(two)));
    }

    void explainsADifference()
    {
        const kit::Bytes bytes =
            CcelBuilder{.events = {{3, 0x5, "line", "line"}, {3, 0x5, "b", "b"}}}.build();
        const kit::EventLog log = parseTdLog(bytes);
        const auto says = [&](const TdEvents& expected) {
            return explainDifference(log, 2, expected).value_or("");
        };
        const TdEvent line{"command line", "", digestOf("line")}, initrd{"initrd", "", digestOf("b")};
        CPPUNIT_ASSERT_EQUAL(std::string(), says({line, initrd}));
        CPPUNIT_ASSERT_EQUAL(
            std::string("event 1 of RTMR2 differs: initrd is expected, the log says EV_ACTION "
                        "line"),
            says({initrd, line}));
        CPPUNIT_ASSERT_EQUAL(std::string("event 2 of RTMR2 is not expected: EV_ACTION b"), says({line}));
        CPPUNIT_ASSERT_EQUAL(std::string("event 3 of RTMR2 (initrd) is not in the log"),
                             says({line, initrd, initrd}));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TdLogTest);

} // namespace
} // namespace teehost::tdx::test
