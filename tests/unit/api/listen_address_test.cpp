// SPDX-License-Identifier: Apache-2.0
#include "host/api/listen_address.h"

#include <cppunit/extensions/HelperMacros.h>

#include <arpa/inet.h>

#include "host/api/plaintext.h"
#include "host/base/error.h"
#include "host/base/unique_fd.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::api {
namespace {

class ListenAddressTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ListenAddressTest);
    CPPUNIT_TEST(judgesWhatAHostResolvesTo);
    CPPUNIT_TEST(showsAnAddressThatClientsTake);
    CPPUNIT_TEST(refusesWhatDoesNotResolve);
    CPPUNIT_TEST(tellsAForeignAddressFromAPortInUse);
    CPPUNIT_TEST(asksForAnIpv4AddressOfItsOwn);
    CPPUNIT_TEST(refusesPlaintextForOthersUntilDecided);
    CPPUNIT_TEST_SUITE_END();

    launch::ScratchDir dir_;

    ListenAddress listen(const std::string& host, const std::string& port = "0")
    {
        return {launch::hostSettings(dir_, {"grpc.host=" + host, "grpc.port=" + port}), "grpc"};
    }

    template <class Call>
    static std::string refusal(Call&& call)
    {
        try {
            call();
        } catch (const Error& error) {
            return std::string(categoryName(error.category())) + " " + error.what();
        }
        return "(accepted)";
    }

    void refusesPlaintextForOthersUntilDecided()
    {
        const auto judge = [this](std::vector<std::string> overrides) {
            const auto settings = launch::hostSettings(dir_, overrides);
            return refusal([&] {
                requireTlsOrDecision(settings, {{"grpc", ListenAddress(settings, "grpc")},
                                                {"http", ListenAddress(settings, "http")}});
            });
        };
        const std::string accepted = "(accepted)";
        CPPUNIT_ASSERT_EQUAL(accepted, judge({"grpc.host=localhost", "http.host=::1"}));
        CPPUNIT_ASSERT_EQUAL(accepted, judge({"grpc.host=0.0.0.0", "grpc.allow_plaintext=true"}));
        CPPUNIT_ASSERT_EQUAL(accepted,
                             judge({"grpc.host=0.0.0.0", "grpc.server_cert=/c", "grpc.server_key=/k"}));
        for (const std::string prefix : {"grpc", "http"})
            CPPUNIT_ASSERT(judge({prefix + ".host=0.0.0.0"})
                               .find(prefix + ".host=0.0.0.0 is not a loopback address, and TLS is not "
                                              "configured for it") != std::string::npos);
        CPPUNIT_ASSERT(judge({"grpc.host=0.0.0.0", "http.host=::"})
                           .find("grpc.host=0.0.0.0 and http.host=:: are not loopback addresses") !=
                       std::string::npos);
    }

    void judgesWhatAHostResolvesTo()
    {
        for (const std::string host : {"localhost", "localhost.", "127.0.0.1", "127.1", "127.8.9.10", "::1",
                                       "[::1]", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"})
            CPPUNIT_ASSERT_MESSAGE(host, listen(host).loopback());
        for (const std::string host :
             {"0.0.0.0", "::", "[::]", "10.99.99.99", "::ffff:10.0.0.1", "0", "128.0.0.1"})
            CPPUNIT_ASSERT_MESSAGE(host, !listen(host).loopback());
    }

    void showsAnAddressThatClientsTake()
    {
        struct Row {
            std::string host, shown, numeric, reachable;
        };
        const Row rows[] = {{"localhost.", "localhost:7001", "127.0.0.1", "127.0.0.1"},
                            {"localhost", "localhost:7001", "127.0.0.1", "127.0.0.1"},
                            {"127.1", "127.0.0.1:7001", "127.0.0.1", "127.0.0.1"},
                            {"::1", "[::1]:7001", "::1", "::1"},
                            {"[::1]", "[::1]:7001", "::1", "::1"},
                            {"::", "[::]:7001", "::", "::1"},
                            {"0.0.0.0", "0.0.0.0:7001", "0.0.0.0", "127.0.0.1"}};
        for (const auto& row : rows) {
            const auto address = listen(row.host, "7001");
            CPPUNIT_ASSERT_EQUAL(row.shown, address.shown(7001));
            CPPUNIT_ASSERT_EQUAL(row.numeric, address.numeric());
            CPPUNIT_ASSERT_EQUAL(row.reachable, address.reachable());
        }
    }

    void refusesWhatDoesNotResolve()
    {
        // A literal that is none cannot be a name either, so no resolver is asked.
        for (const std::string host : {"::1:::", "local host", "127.0.0.1:7001"}) {
            const auto words = refusal([&] { listen(host); });
            CPPUNIT_ASSERT_MESSAGE(words, words.find("grpc.host=" + host + " cannot be resolved") !=
                                              std::string::npos);
        }
        CPPUNIT_ASSERT_EQUAL(std::string("FAILED_PRECONDITION grpc.host is empty"),
                             refusal([&] { listen(""); }));
    }

    void tellsAForeignAddressFromAPortInUse()
    {
        const UniqueFd taken(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        CPPUNIT_ASSERT(::bind(taken.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0 &&
                       ::listen(taken.get(), 1) == 0 &&
                       ::getsockname(taken.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
        const auto port = std::to_string(ntohs(address.sin_port));
        for (const std::string host : {"127.0.0.1", "localhost", "0.0.0.0"})
            CPPUNIT_ASSERT_EQUAL("UNAVAILABLE cannot listen on " + host + ":" + port +
                                     ": another program uses the port",
                                 refusal([&] { listen(host, port).requireFree(); }));
        // TEST-NET-1 (RFC 5737) is nobody's.
        CPPUNIT_ASSERT_EQUAL(std::string("UNAVAILABLE grpc.host=192.0.2.1 is not an address of this host"),
                             refusal([&] { listen("192.0.2.1", port).requireFree(); }));
        CPPUNIT_ASSERT_EQUAL(std::string("(accepted)"), refusal([&] { listen("localhost").requireFree(); }));
        CPPUNIT_ASSERT_EQUAL(std::string("(accepted)"),
                             refusal([&] { listen("127.3.2.1", port).requireFree(); }));
    }

    void asksForAnIpv4AddressOfItsOwn()
    {
        for (const std::string text : {"127.0.0.1", "0.0.0.0"})
            requireOwnIpv4(text, "k");
        for (const std::string text : {"", "::1", "localhost", "192.0.2.1"})
            CPPUNIT_ASSERT_THROW_MESSAGE(text, requireOwnIpv4(text, "k"), Error);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ListenAddressTest);

} // namespace
} // namespace teehost::api
