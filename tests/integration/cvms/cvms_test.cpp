// SPDX-License-Identifier: Apache-2.0
//
// The agent tells a computation-management service what it does, through QEMU's network, and goes on serving
// whatever that service is like.
#include <algorithm>

#include <cppunit/extensions/HelperMacros.h>

#include "cvms/cvms_server.h"
#include "support/certificates.h"
#include "support/host_test.h"

namespace teehost::test {
namespace {

constexpr const char* kSeenFromGuest = "IP:10.0.2.2";
constexpr const char* kToken = "canary-token-77c2";

class CvmsTest final : public HostTest {
    CPPUNIT_TEST_SUITE(CvmsTest);
    CPPUNIT_TEST(tellsItsLogAndAnswers);
    CPPUNIT_TEST(keepsWhatItHasToSayWhileTheServerIsAway);
    CPPUNIT_TEST(speaksTlsWithItsCertificateAndNoSecretAtAll);
    CPPUNIT_TEST(refusesAServerOfAnotherAuthority);
    CPPUNIT_TEST_SUITE_END();

    static v1::CreateVmRequest requestFor(const std::string& url)
    {
        v1::CreateVmRequest request;
        request.mutable_agent()->set_server_url(url);
        request.mutable_agent()->set_certs_token(kToken);
        return request;
    }

    static void requireEvent(const CvmsServer& server, const std::string& id, const std::string& type,
                             const std::string& status)
    {
        const auto event = server.waitFor(type + " arrives", ofType("agent_event", "event_type", type));
        CPPUNIT_ASSERT_EQUAL(id, event.at("computation_id").get<std::string>());
        CPPUNIT_ASSERT_EQUAL(status, event.at("status").get<std::string>());
        CPPUNIT_ASSERT_EQUAL(std::string("agent"), event.at("originator").get<std::string>());
        requireContains(event.at("details").get<std::string>(), "uptime_ms");
    }

    void tellsItsLogAndAnswers()
    {
        CvmsServer server(stage().scratch.path());
        startDaemon();
        const auto vm = runVm(requestFor(server.seenFromGuest()));
        const auto opened = server.waitFor("the agent dials", ofType("opened"));
        CPPUNIT_ASSERT_EQUAL(vm.id(), opened.at("job_id").get<std::string>());
        // From the first line of the boot on.
        const auto line = server.waitFor("lines arrive", ofType("agent_log", "message", "eth0 is up"));
        CPPUNIT_ASSERT_EQUAL(vm.id(), line.at("computation_id").get<std::string>());
        CPPUNIT_ASSERT_EQUAL(std::string("INFO"), line.at("level").get<std::string>());
        requireEvent(server, vm.id(), "vm-provision", "Completed");
        requireEvent(server, vm.id(), "agent-start", "Starting");
        requireEvent(server, vm.id(), "agent-serve", "Ready");
        requireAnswers(server, vm.id());

        client().stopVm(vm.id());
        requireEvent(server, vm.id(), "vm-terminate", "Terminating");
        waitUntilClean();
    }

    void requireAnswers(const CvmsServer& server, const std::string& id)
    {
        server.command("state " + id);
        const auto state = server.waitFor("the state is told", ofType("agentStateRes", "id", id));
        CPPUNIT_ASSERT_EQUAL(std::string("ReceivingManifest"), state.at("state").get<std::string>());
        const auto manifest = stage().scratch / "manifest";
        writeFile(manifest, std::string(3u << 20, 'm')); // in pieces
        server.command("run run-1 " + manifest.string());
        const auto run = server.waitFor("the run is refused", ofType("run_res", "computation_id", "run-1"));
        requireContains(run.at("error").get<std::string>(), "at most 131072 bytes");
        server.command("stop run-1");
        const auto stop =
            server.waitFor("the stop is answered", ofType("stopComputationRes", "computation_id", "run-1"));
        requireContains(stop.at("message").get<std::string>(), "nothing to stop");
    }

    void keepsWhatItHasToSayWhileTheServerIsAway()
    {
        CvmsServer server(stage().scratch.path());
        startDaemon();
        const auto vm = runVm(requestFor(server.seenFromGuest()));
        server.waitFor("lines arrive", ofType("agent_event", "event_type", "agent-serve"));
        server.kill();
        waitUntil("the agent has noticed and dialed in vain", [&] {
            return client().console(vm.id()).find("cannot reach the computation-management service") !=
                   std::string::npos;
        });
        CPPUNIT_ASSERT(isHealthy(vm.agent_address()));
        const auto before = server.lines().size();
        server.start();
        for (const auto* text : {"lost the computation-management", "cannot reach the computation-management",
                                 "connected to the computation-management"})
            server.waitFor(std::string(text) + " arrives", ofType("agent_log", "message", text), before);

        server.command("disconnect");
        server.waitFor("the agent takes its leave", ofType("closed"), before);
        waitUntil("the agent says so",
                  [&] { return client().console(vm.id()).find("asked to disconnect") != std::string::npos; });
        CPPUNIT_ASSERT(isHealthy(vm.agent_address()));
        client().removeVm(vm.id());
    }

    void speaksTlsWithItsCertificateAndNoSecretAtAll()
    {
        const auto& directory = stage().scratch.path();
        const Authority servers(directory, "servers"), clients(directory, "clients");
        const auto served = servers.issue("cvms", kSeenFromGuest);
        const auto agent = clients.issue("agent-of-the-test");
        CvmsServer server(directory, {"--cert", served.certificate, "--key", served.key, "--client-ca",
                                      clients.certificate()});
        startDaemon();
        auto request = requestFor(server.seenFromGuest());
        request.mutable_agent()->set_log_level("debug");
        request.mutable_agent()->set_server_ca_cert(readFile(servers.certificate()));
        request.mutable_agent()->set_client_cert(readFile(agent.certificate));
        const auto key = readFile(agent.key);
        request.mutable_agent()->set_client_key(key);
        const auto vm = runVm(request);
        const auto opened = server.waitFor("the agent dials", ofType("opened"));
        CPPUNIT_ASSERT_EQUAL(std::string("agent-of-the-test"), opened.at("client").get<std::string>());
        requireEvent(server, vm.id(), "agent-serve", "Ready");

        std::string told = client().console(vm.id());
        for (const auto& line : server.lines())
            told += line.dump();
        requireLacks(told, kToken);
        requireLacks(told, "PRIVATE KEY");
        requireLacks(told, key.substr(key.find('\n') + 1, 40));
        client().removeVm(vm.id());
    }

    void refusesAServerOfAnotherAuthority()
    {
        const auto& directory = stage().scratch.path();
        const Authority servers(directory, "servers"), others(directory, "others");
        const auto served = servers.issue("cvms", kSeenFromGuest);
        CvmsServer server(directory, {"--cert", served.certificate, "--key", served.key});
        startDaemon();
        auto request = requestFor(server.seenFromGuest());
        request.mutable_agent()->set_server_ca_cert(readFile(others.certificate()));
        const auto vm = runVm(request);
        waitUntil("the agent says why", [&] {
            const auto console = client().console(vm.id());
            return console.find("cannot reach the computation-management service") != std::string::npos;
        });
        requireContains(client().console(vm.id()), "certificate verify failed");
        CPPUNIT_ASSERT(isHealthy(vm.agent_address()));
        for (const auto& line : server.lines())
            CPPUNIT_ASSERT(line.at("type") == "listening");
        client().removeVm(vm.id());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CvmsTest);

} // namespace
} // namespace teehost::test
