// SPDX-License-Identifier: Apache-2.0
//
// The five commands of the Cocos CLI against the reference guest: create, algo, data, result, remove; with
// the manifest of a computation-management service, and without.
#include <cppunit/extensions/HelperMacros.h>

#include "cvms.pb.h"
#include "cvms/cvms_server.h"
#include "peer/peer_client.h"
#include "peer/zip_entries.h"
#include "support/host_test.h"

namespace teehost::test {
namespace {

constexpr const char* kCmdline = "quiet console=ttyS0 panic=-1 no_timer_check";

class ComputeTest final : public HostTest {
    CPPUNIT_TEST_SUITE(ComputeTest);
    CPPUNIT_TEST(runsWhatAnybodyBrings);
    CPPUNIT_TEST(runsWhatTheManifestNames);
    CPPUNIT_TEST(endsWhatTakesTooLong);
    CPPUNIT_TEST_SUITE_END();

    const PeerKey rsa_{PeerKey::Kind::Rsa}, p256_{PeerKey::Kind::P256}, ed25519_{PeerKey::Kind::Ed25519};

    static std::string program() { return readFile(TEEHOST_TEST_ALGORITHM); }

    /// Through the manager's own API, as the CLI's create-vm and remove-vm.
    std::string createVm(const std::string& serverUrl = {})
    {
        manager::CreateReq request;
        request.set_agent_cvm_server_url(serverUrl);
        const auto id = client().ask(&Manager::CreateVm, request).cvm_id();
        client().waitForState(id, v1::VM_STATE_RUNNING);
        return id;
    }
    void removeVm(const std::string& id)
    {
        manager::RemoveReq request;
        request.set_cvm_id(id);
        static_cast<void>(client().ask(&Manager::RemoveVm, request));
        waitUntilClean();
    }
    PeerClient peerOf(const std::string& id) { return PeerClient(client().getVm(id).agent_address()); }

    void runsWhatAnybodyBrings()
    {
        startDaemon();
        const auto id = createVm();
        auto peer = peerOf(id);
        requireStatus(peer.result(rsa_).status, grpc::StatusCode::FAILED_PRECONDITION, "no result yet");
        requireStatus(peer.data("a", std::string(20u << 20, 'x'), rsa_),
                      grpc::StatusCode::FAILED_PRECONDITION,
                      "ReceivingAlgorithm"); // in words, however much was sent
        requireStatus(peer.algo({.program = "x", .type = "wasm"}, rsa_), grpc::StatusCode::INVALID_ARGUMENT,
                      "bin");
        requireStatus(peer.algo({.program = "x", .type = "python"}, rsa_),
                      grpc::StatusCode::FAILED_PRECONDITION, "--with-python");

        requireOk(peer.algo({.program = program(), .arguments = {"count", "one", "two words"}}, p256_));
        requireOk(peer.data("b.csv", std::string(3'000'000, 'b'), rsa_)); // three pieces
        requireOk(peer.data("a.csv", "1,2,3", ed25519_));
        for (const auto* name : {"", "..", "../algo", "/etc/passwd", "b.csv"})
            CPPUNIT_ASSERT_MESSAGE(name, !peer.data(name, "x", rsa_).ok());
        requireOk(peer.data("folder.zip", zipOf({{"c.csv", "12345678"}, {"deep/d.csv", "1"}}), rsa_, true));
        requireStatus(peer.data("evil.zip", zipOf({{"../algo", "x"}}), rsa_, true),
                      grpc::StatusCode::INVALID_ARGUMENT, "no path");
        auto result = peer.result(rsa_);
        requireOk(result.status);
        auto files = zipEntries(result.file);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, files.size()); // no link, no pipe
        CPPUNIT_ASSERT_EQUAL(
            std::string("a.csv 5\nb.csv 3000000\nc.csv 8\nargument one\nargument two words\n"),
            files.at("counts.txt"));
        CPPUNIT_ASSERT_EQUAL(std::string(), files.at("more/empty"));
        CPPUNIT_ASSERT(result.file == peer.result(rsa_).file); // as often as one likes
        requireContains(client().console(id), "algorithm: counted");
        requireContains(client().console(id), "2 entries of results were left out");

        requireConfinement(peer);
        requireOk(peer.algo({.program = program(), .arguments = {"hog"}}, rsa_));
        requireStatus(peer.result(rsa_).status, grpc::StatusCode::FAILED_PRECONDITION,
                      "used more than 40 % of the VM's memory"); // together, and none of them alone
        requireOk(peer.algo({.program = program(), .arguments = {"flood"}}, rsa_));
        requireStatus(peer.result(rsa_).status, grpc::StatusCode::FAILED_PRECONDITION,
                      "exit status 3; its last line: as it was told to");
        requireContains(client().console(id), "which is not shown");
        requireLacks(client().console(id), "\x1b");
        requireOk(peer.algo({.program = "no program"}, rsa_));
        requireStatus(peer.result(rsa_).status, grpc::StatusCode::FAILED_PRECONDITION, "cannot execute");
        CPPUNIT_ASSERT(isHealthy(client().getVm(id).agent_address()));
        removeVm(id);
    }

    /// Requires that an algorithm which looks for a way out finds none.
    void requireConfinement(PeerClient& peer)
    {
        requireOk(peer.algo({.program = program(), .arguments = {"probe"}}, rsa_));
        const auto result = peer.result(rsa_);
        requireOk(result.status);
        const auto found = zipEntries(result.file).at("probe.txt");
        for (const auto* line :
             {"uid 1000\n", "connect to the host: ENETUNREACH\n", "connect to the agent: ENETUNREACH\n",
              "vsock: EAFNOSUPPORT\n", "user namespace: EPERM\n", "mount: EPERM\n", "become root: EPERM\n",
              "read the environment: ENOENT\n", "read the certificates: ENOENT\n",
              "read the command line: ENOENT\n", "use the TPM: ENOENT\n", "leave the directory: ENOENT\n"})
            requireContains(found, line);
        requireLacks(found, "possible");
        requireLacks(found, "environment AGENT_");
    }

    void sendManifest(const CvmsServer& server, const cvms::ComputationRunReq& manifest)
    {
        const auto path = stage().scratch / "manifest";
        writeFile(path, manifest.SerializeAsString());
        server.command("run " + manifest.id() + " " + path.string());
    }

    cvms::ComputationRunReq manifestOf(const std::string& id, const std::string& data)
    {
        cvms::ComputationRunReq manifest;
        manifest.set_id(id);
        manifest.mutable_algorithm()->set_hash(sha3Of(program()));
        manifest.mutable_algorithm()->set_userkey(rsa_.publicKey());
        auto& dataset = *manifest.add_datasets();
        dataset.set_hash(sha3Of(data));
        dataset.set_userkey(p256_.publicKey());
        dataset.set_filename("data.csv");
        manifest.add_result_consumers()->set_userkey(ed25519_.publicKey());
        return manifest;
    }

    void runsWhatTheManifestNames()
    {
        CvmsServer server(stage().scratch.path());
        startDaemon();
        const auto id = createVm(server.seenFromGuest());
        auto peer = peerOf(id);
        const std::string data(2000, 'd');
        requireStatus(peer.algo({.program = program()}, rsa_), grpc::StatusCode::FAILED_PRECONDITION,
                      "ReceivingManifest");
        server.waitFor("the agent dials", ofType("opened"));
        auto remote = manifestOf("run-0", data);
        remote.mutable_algorithm()->mutable_source()->set_url("https://example.org/algo");
        remote.mutable_algorithm()->mutable_kbs()->set_enabled(true);
        sendManifest(server, remote);
        requireContains(server.waitFor("that run is refused", ofType("run_res", "computation_id", "run-0"))
                            .at("error")
                            .get<std::string>(),
                        "fetches nothing");
        sendManifest(server, manifestOf("run-1", data));
        const auto run = server.waitFor("the run is taken", ofType("run_res", "computation_id", "run-1"));
        CPPUNIT_ASSERT(!run.contains("error") || run.at("error").get<std::string>().empty());

        requireStatus(peer.algo({.program = program()}, p256_), grpc::StatusCode::UNAUTHENTICATED,
                      "algorithm-provider");
        requireStatus(peer.algo({.program = program() + "x"}, rsa_), grpc::StatusCode::INVALID_ARGUMENT,
                      "SHA3-256");
        requireOk(peer.algo({.program = program(), .arguments = {"count"}}, rsa_));
        requireStatus(peer.data("data.csv", data, rsa_), grpc::StatusCode::UNAUTHENTICATED, "data-provider");
        requireStatus(peer.data("other.csv", data, p256_), grpc::StatusCode::INVALID_ARGUMENT, "file name");
        requireStatus(peer.data("data.csv", data + "x", p256_), grpc::StatusCode::INVALID_ARGUMENT,
                      "SHA3-256");
        requireStatus(peer.result(ed25519_).status, grpc::StatusCode::FAILED_PRECONDITION, "no result yet");
        requireOk(peer.data("data.csv", data, p256_));
        const auto event =
            server.waitFor("the result is there", ofType("agent_event", "event_type", "ConsumingResults"));
        CPPUNIT_ASSERT_EQUAL(std::string("run-1"), event.at("computation_id").get<std::string>());
        requireStatus(peer.result(rsa_).status, grpc::StatusCode::UNAUTHENTICATED, "consumer");
        const auto result = peer.result(ed25519_);
        requireOk(result.status);
        CPPUNIT_ASSERT_EQUAL(std::string("data.csv 2000\n"), zipEntries(result.file).at("counts.txt"));
        server.waitFor("the result is taken", ofType("agent_event", "event_type", "Complete"));

        server.command("stop run-1");
        server.waitFor("the stop is answered", ofType("stopComputationRes", "computation_id", "run-1"));
        requireStatus(peer.result(ed25519_).status, grpc::StatusCode::FAILED_PRECONDITION,
                      "ReceivingManifest");
        stopWhileItRuns(server, peer);
        removeVm(id);
    }

    void stopWhileItRuns(const CvmsServer& server, PeerClient& peer)
    {
        const std::string data(1, 'd');
        sendManifest(server, manifestOf("run-2", data));
        server.waitFor("the next run is taken", ofType("run_res", "computation_id", "run-2"));
        requireOk(peer.algo({.program = program(), .arguments = {"linger"}}, rsa_));
        requireOk(peer.data("data.csv", data, p256_));
        server.command("stop run-2");
        const auto stop =
            server.waitFor("the run is stopped", ofType("stopComputationRes", "computation_id", "run-2"));
        CPPUNIT_ASSERT(!stop.contains("message") || stop.at("message").get<std::string>().empty());
    }

    void endsWhatTakesTooLong()
    {
        startDaemon({{"qemu.kernel.cmdline", std::string(kCmdline) + " teehost.run_seconds=15"}});
        const auto id = createVm();
        auto peer = peerOf(id);
        requireOk(peer.algo({.program = program(), .arguments = {"linger"}}, rsa_));
        requireOk(peer.data("a", "x", rsa_));
        requireStatus(peer.result(rsa_).status, grpc::StatusCode::FAILED_PRECONDITION, "more than 15 s");
        requireOk(peer.algo({.program = program(), .arguments = {"count"}}, rsa_)); // nothing was left behind
        requireOk(peer.result(rsa_).status);
        removeVm(id);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ComputeTest);

} // namespace
} // namespace teehost::test
