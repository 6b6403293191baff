// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>
#include <string>

#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/cvms/backoff.h"
#include "guest/agent/cvms/client_settings.h"
#include "guest/agent/cvms/endpoint.h"

namespace teehost::guest {
namespace {

using namespace std::chrono_literals;

constexpr const char* kPlain = "AGENT_CVM_GRPC_URL=10.0.2.2:7003\nAGENT_CVM_ID=vm-1\n";

class ClientSettingsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ClientSettingsTest);
    CPPUNIT_TEST(readsAddressesAndNames);
    CPPUNIT_TEST(refusesEverythingElse);
    CPPUNIT_TEST(readsTheEnvironment);
    CPPUNIT_TEST(dialsNobodyWithoutAnAddress);
    CPPUNIT_TEST(refusesWithAReason);
    CPPUNIT_TEST(passesOverALevelItDoesNotKnow);
    CPPUNIT_TEST(waitsTwiceAsLongUpToAMinute);
    CPPUNIT_TEST(leavesHalfToChance);
    CPPUNIT_TEST(startsAgainAfterAGoodConnection);
    CPPUNIT_TEST_SUITE_END();

    void readsAddressesAndNames()
    {
        struct Row {
            std::string_view text, target;
        };
        static constexpr Row rows[] = {
            {"10.0.2.2:7003", "ipv4:10.0.2.2:7003"},
            {"[::1]:1", "ipv6:[::1]:1"},
            {"[2001:db8::1]:65535", "ipv6:[2001:db8::1]:65535"},
            {"cvms.example.com:7003", "dns:///cvms.example.com:7003"},
            {"localhost:7001", "dns:///localhost:7001"},
            {"10.0.2:7003", "dns:///10.0.2:7003"},
        };
        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL(std::string(row.target), targetOf(row.text).value_or("none"));
    }

    void refusesEverythingElse()
    {
        const std::string longName(254, 'a');
        for (const auto& text : std::vector<std::string>{"",
                                                         ":",
                                                         ":7003",
                                                         "host",
                                                         "host:",
                                                         "host:0",
                                                         "host:65536",
                                                         "host:70 03",
                                                         "host:+1",
                                                         "host:-1",
                                                         "http://host:7003",
                                                         "unix:/run/x:1",
                                                         "unix:x:1",
                                                         "dns://10.0.0.1/host:7003",
                                                         "ho st:1",
                                                         "a,b:1",
                                                         "[::1:1",
                                                         "[]:1",
                                                         "[10.0.2.2]:1",
                                                         "[::1%eth0]:1",
                                                         "::1:7003",
                                                         "h\xc3\xb6st:1",
                                                         longName + ":1",
                                                         std::string("host\0:1", 7)})
            CPPUNIT_ASSERT_MESSAGE(text, !targetOf(text));
    }

    void readsTheEnvironment()
    {
        const auto settings = clientSettings(
            parseEnvironment(std::string(kPlain) + "AGENT_LOG_LEVEL=debug\n"
                                                   "AGENT_CVM_GRPC_SERVER_CA_CERTS=/etc/certs/ca.pem\n"
                                                   "AGENT_CVM_GRPC_CLIENT_CERT=/etc/certs/cert.pem\n"
                                                   "AGENT_CVM_GRPC_CLIENT_KEY=/etc/certs/key.pem\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("ipv4:10.0.2.2:7003"), settings.target);
        CPPUNIT_ASSERT_EQUAL(std::string("vm-1"), settings.computation);
        CPPUNIT_ASSERT(settings.level == LogLevel::Debug);
        CPPUNIT_ASSERT_EQUAL(std::string("/etc/certs/ca.pem"), settings.ca_certificates);
        CPPUNIT_ASSERT_EQUAL(std::string("/etc/certs/cert.pem"), settings.certificate);
        CPPUNIT_ASSERT_EQUAL(std::string("/etc/certs/key.pem"), settings.key);
        CPPUNIT_ASSERT(settings.remark.empty());
    }

    void dialsNobodyWithoutAnAddress()
    {
        for (const auto* none : {"", "AGENT_CVM_GRPC_URL=\n"})
            CPPUNIT_ASSERT(managementOf(parseEnvironment(none)) == Management::Nobody);
        CPPUNIT_ASSERT(managementOf(parseEnvironment(kPlain)) == Management::Service);
        CPPUNIT_ASSERT(managementOf(parseEnvironment(std::string(kPlain) + "?\n")) == Management::Service);
        // A line that was left out may have been the one that names the service.
        for (const auto& text : {std::string("AGENT_CVM_GRPC_URL\n"), std::string("A=\0\n", 4),
                                 std::string(kMaxEnvironmentBytes + 1, 'x')})
            CPPUNIT_ASSERT(managementOf(parseEnvironment(text)) == Management::Unknown);
        CPPUNIT_ASSERT(managementOf(unreadEnvironment()) == Management::Unknown);
    }

    void refusesWithAReason()
    {
        struct Row {
            std::string environment, words;
        };
        const std::string plain = kPlain;
        const Row rows[] = {
            {"AGENT_CVM_GRPC_URL=x\x1b:1\nAGENT_CVM_ID=1\n", "AGENT_CVM_GRPC_URL=x\\x1b:1 is not HOST:PORT"},
            {"AGENT_CVM_GRPC_URL=h:1\n", "AGENT_CVM_ID"},
            {"AGENT_CVM_GRPC_URL=h:1\nAGENT_CVM_ID=a b\n", "AGENT_CVM_ID"},
            {"AGENT_CVM_GRPC_URL=h:1\nAGENT_CVM_ID=\xff\n", "AGENT_CVM_ID"},
            {plain + "AGENT_CVM_GRPC_SERVER_CA_CERTS=/proc/1/mem\n", "is not a file in /etc/certs"},
            {plain + "AGENT_CVM_GRPC_SERVER_CA_CERTS=/etc/certs/../x\n", "is not a file in /etc/certs"},
            {plain + "AGENT_CVM_GRPC_CLIENT_CERT=/etc/certs/c\n", "together or not at all"},
            {plain + "AGENT_CVM_GRPC_CLIENT_KEY=/etc/certs/k\n", "together or not at all"},
            {plain + "AGENT_CVM_GRPC_CLIENT_CERT=/etc/certs/c\nAGENT_CVM_GRPC_CLIENT_KEY=/etc/certs/k\n",
             "no authority to check the server"},
        };
        for (const auto& row : rows) {
            std::string reason;
            try {
                (void)clientSettings(parseEnvironment(row.environment));
            } catch (const std::invalid_argument& e) {
                reason = e.what();
            }
            CPPUNIT_ASSERT_MESSAGE(row.words + " not in: " + reason,
                                   reason.find(row.words) != std::string::npos);
        }
    }

    void passesOverALevelItDoesNotKnow()
    {
        const auto settings =
            clientSettings(parseEnvironment(std::string(kPlain) + "AGENT_LOG_LEVEL=loud\n"));
        CPPUNIT_ASSERT(settings.level == LogLevel::Info);
        CPPUNIT_ASSERT(settings.remark.find("AGENT_LOG_LEVEL=loud") != std::string::npos);
    }

    void waitsTwiceAsLongUpToAMinute()
    {
        Backoff backoff([] { return 1.0; });
        for (const auto expected : {1000ms, 2000ms, 4000ms, 8000ms, 16000ms, 32000ms, 60000ms, 60000ms})
            CPPUNIT_ASSERT_EQUAL(expected.count(), backoff.next(0ms).count());
    }

    void leavesHalfToChance()
    {
        Backoff least([] { return 0.0; });
        CPPUNIT_ASSERT_EQUAL(std::int64_t{500}, std::int64_t{least.next(0ms).count()});
        Backoff backoff(randomNumbers());
        for (auto longest = 1000ms; longest < Backoff::kLongest; longest *= 2) {
            const auto wait = backoff.next(0ms);
            CPPUNIT_ASSERT(wait >= longest / 2 && wait <= longest);
        }
    }

    void startsAgainAfterAGoodConnection()
    {
        Backoff backoff([] { return 1.0; });
        (void)backoff.next(0ms);
        (void)backoff.next(Backoff::kGoodConnection - 1ms); // a server that hangs up soon
        CPPUNIT_ASSERT_EQUAL(std::int64_t{4000}, std::int64_t{backoff.next(0ms).count()});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1000},
                             std::int64_t{backoff.next(Backoff::kGoodConnection).count()});
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ClientSettingsTest);

} // namespace
} // namespace teehost::guest
