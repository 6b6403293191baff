// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <string>
#include <string_view>

#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/kernel_parameters.h"

namespace teehost::guest {
namespace {

using namespace std::chrono_literals;

class KernelParametersTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(KernelParametersTest);
    CPPUNIT_TEST(hasDefaults);
    CPPUNIT_TEST(readsEveryParameter);
    CPPUNIT_TEST(readsEveryFault);
    CPPUNIT_TEST(takesTheLastOfTwo);
    CPPUNIT_TEST(reportsWhatDoesNotFitAndKeepsTheDefault);
    CPPUNIT_TEST(passesOverOtherParameters);
    CPPUNIT_TEST(readsNothingInsideQuotes);
    CPPUNIT_TEST_SUITE_END();

    static void assertDefaults(std::string_view line, const KernelParameters& p)
    {
        const std::string message(line);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(message, std::uint16_t{7002}, p.agentPort);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(message, std::string("console"), p.console);
        CPPUNIT_ASSERT_MESSAGE(message, !p.selftest);
        CPPUNIT_ASSERT_MESSAGE(message, p.fault == Fault::None);
        CPPUNIT_ASSERT_MESSAGE(message, p.faultDelay == 0ms);
        CPPUNIT_ASSERT_MESSAGE(message, p.runLimit == 3600s);
    }

    void hasDefaults()
    {
        const auto p = parseKernelParameters("");
        assertDefaults("", p);
        CPPUNIT_ASSERT(p.problems.empty());
    }

    void readsEveryParameter()
    {
        const auto p =
            parseKernelParameters("quiet console=null teehost.agent_port=65535 teehost.console=ttyS0\t"
                                  "teehost.selftest=1 teehost.fault=reboot teehost.fault_delay_ms=1500 "
                                  "teehost.run_seconds=60\n");
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{65535}, p.agentPort);
        CPPUNIT_ASSERT_EQUAL(std::string("ttyS0"), p.console);
        CPPUNIT_ASSERT(p.selftest);
        CPPUNIT_ASSERT(p.fault == Fault::Reboot);
        CPPUNIT_ASSERT(p.faultDelay == 1500ms);
        CPPUNIT_ASSERT(p.runLimit == 60s);
        CPPUNIT_ASSERT(p.problems.empty());
    }

    void readsEveryFault()
    {
        struct Row {
            std::string_view name;
            Fault fault;
        };
        static constexpr Row rows[] = {{"poweroff", Fault::PowerOff},    {"reboot", Fault::Reboot},
                                       {"panic", Fault::Panic},          {"no-agent", Fault::NoAgent},
                                       {"end-agent", Fault::EndAgent},   {"ignore-power", Fault::IgnorePower},
                                       {"extend-pcr", Fault::ExtendPcr}, {"replay-quote", Fault::ReplayQuote},
                                       {"lie-pcrs", Fault::LiePcrs},     {"lie-key", Fault::LieKey}};
        for (const auto& row : rows) {
            const auto p = parseKernelParameters("teehost.fault=" + std::string(row.name));
            CPPUNIT_ASSERT_MESSAGE(std::string(row.name), p.fault == row.fault);
        }
    }

    void takesTheLastOfTwo()
    {
        const auto p = parseKernelParameters("teehost.agent_port=1 teehost.agent_port=2");
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{2}, p.agentPort);
    }

    void reportsWhatDoesNotFitAndKeepsTheDefault()
    {
        static constexpr std::string_view words[] = {
            "teehost.",
            "teehost.unknown=1",
            "teehost.agent_port",
            "teehost.agent_port=",
            "teehost.agent_port=0",
            "teehost.agent_port=65536",
            "teehost.agent_port=-1",
            "teehost.agent_port=7002x",
            "teehost.agent_port=99999999999999999999",
            "teehost.console=",
            "teehost.console=../etc/passwd",
            "teehost.console=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", // 33 bytes
            "teehost.selftest=yes",
            "teehost.selftest=2",
            "teehost.fault=Reboot",
            "teehost.fault=",
            "teehost.fault_delay_ms=3600001",
            "teehost.fault_delay_ms=1.5",
            "teehost.run_seconds=0",
            "teehost.run_seconds=2592001",
        };
        for (const auto word : words) {
            const auto p = parseKernelParameters(word);
            assertDefaults(word, p);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(word), std::size_t{1}, p.problems.size());
            CPPUNIT_ASSERT_EQUAL("kernel parameter not understood: " + std::string(word), p.problems.front());
        }
    }

    void passesOverOtherParameters()
    {
        static constexpr std::string_view lines[] = {
            "agent_port=1",         "xteehost.agent_port=1",    "teehost",
            "Teehost.agent_port=1", "agent.aa_kbc_params=a::b", "   ",
        };
        for (const auto line : lines) {
            const auto p = parseKernelParameters(line);
            assertDefaults(line, p);
            CPPUNIT_ASSERT_MESSAGE(std::string(line), p.problems.empty());
        }
    }

    void readsNothingInsideQuotes()
    {
        static constexpr std::string_view lines[] = {
            "a=\"b teehost.selftest=1\"",
            "\"teehost.selftest=1\"",
            "a=\"never closed teehost.selftest=1",
        };
        for (const auto line : lines)
            assertDefaults(line, parseKernelParameters(line));
        CPPUNIT_ASSERT(parseKernelParameters("a=\"b c\" teehost.selftest=1").selftest);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(KernelParametersTest);

} // namespace
} // namespace teehost::guest
