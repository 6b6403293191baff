// SPDX-License-Identifier: Apache-2.0
//
// A software TPM beside a VM: a real firmware measures a real kernel into it, the agent in the guest quotes
// it, and the client verifies what comes of that.
#include <cppunit/extensions/HelperMacros.h>

#include <sstream>

#include "peer/peer_client.h"
#include "support/cli.h"
#include "support/guest_image.h"
#include "support/proc.h"
#include "vtpm/tpm_host_test.h"

namespace teehost::test {
namespace {

class VtpmTest final : public TpmHostTest {
    CPPUNIT_TEST_SUITE(VtpmTest);
    CPPUNIT_TEST(measuresQuotesAndVerifiesABoot);
    CPPUNIT_TEST(givesEvidenceToTheCocosCli);
    CPPUNIT_TEST(keepsItsTpmWhenTheDaemonIsKilled);
    CPPUNIT_TEST(refusesARunDirectoryWithoutRoomForTheSocket);
    CPPUNIT_TEST_SUITE_END();

    /// "7.2.22"
    std::string qemuVersion()
    {
        // QEMU emulator version 7.2.22 (…
        const auto said = runOrThrow({"qemu-system-x86_64", "--version"}, stage().scratch.path());
        const std::string words = "version ";
        const auto at = said.find(words) + words.size();
        return said.substr(at, said.find_first_not_of("0123456789.", at) - at);
    }

    /// Reference values of a VM of these settings with that command line, as `teehost measure` prints them.
    std::filesystem::path measured(const v1::Vm& vm, const std::string& cmdline)
    {
        const auto& settings = daemonSettings();
        const auto ended = runCli(stage(), daemon(),
                                  {"measure",
                                   "--backend",
                                   "plain-kvm",
                                   "--attester",
                                   "attest-vtpm",
                                   "--firmware",
                                   settings.at("ovmf.code.file"),
                                   "--firmware-vars",
                                   settings.at("ovmf.vars.file"),
                                   "--kernel",
                                   settings.at("qemu.kernel.file"),
                                   "--initrd",
                                   guestImage().initrd,
                                   "--cmdline",
                                   cmdline,
                                   "--cpus",
                                   std::to_string(vm.vcpus()),
                                   "--cpu",
                                   vm.cpu_model(),
                                   "--qemu-version",
                                   qemuVersion(),
                                   "--memory",
                                   std::to_string(vm.memory_bytes() >> 20) + "M",
                                   "--set",
                                   "plugins.allow_own=true",
                                   "--set",
                                   "qemu.enable_kvm=false",
                                   "--set",
                                   "qemu.smp.maxcpus=" + quickSettings(stage()).at("qemu.smp.maxcpus"),
                                   "--set",
                                   "qemu.memory.max=" + quickSettings(stage()).at("qemu.memory.max"),
                                   "--output",
                                   "json"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(ended.errors, 0, ended.status);
        const auto path = stage().scratch / "expected.json";
        writeFile(path, ended.output);
        return path;
    }

    /// What `teehost verify` ends with; the key of a software TPM is bound to nothing yet, which the policy
    /// has to accept.
    int verify(const std::string& evidence, const std::string& nonceHex, const std::string& policy,
               const std::filesystem::path& reference = {})
    {
        writeFile(stage().scratch / "evidence", evidence);
        writeFile(stage().scratch / "policy.json", policy);
        std::vector<std::string> arguments{"verify",
                                           "--backend",
                                           "attest-vtpm",
                                           "--report",
                                           stage().scratch / "evidence",
                                           "--nonce",
                                           nonceHex,
                                           "--policy",
                                           stage().scratch / "policy.json",
                                           "--set",
                                           "plugins.allow_own=true"};
        if (!reference.empty())
            arguments.insert(arguments.end(), {"--reference", reference});
        const auto ended = runCli(stage(), daemon(), arguments);
        return ended.status;
    }

    void measuresQuotesAndVerifiesABoot()
    {
        startWithTpm();
        const auto vm = client().createVm();
        client().waitForState(vm.id(), v1::VM_STATE_RUNNING);
        const std::string nonce(32, 'N'), nonceHex = hexOf(nonce);
        const std::string evidence = evidenceOf(vm, nonce);
        constexpr const char* kAnyKey = R"({"ak_binding": ["none"]})";
        CPPUNIT_ASSERT_EQUAL(0, verify(evidence, nonceHex, kAnyKey));
        CPPUNIT_ASSERT_EQUAL(2, verify(evidence, nonceHex, "{}")); // whose key it is, nothing says
        CPPUNIT_ASSERT_EQUAL(3, verify(evidence, hexOf(std::string(32, 'M')), kAnyKey));
        // What was predicted from the files is what the firmware measured.
        CPPUNIT_ASSERT_EQUAL(0, verify(evidence, nonceHex, kAnyKey, measured(vm, vm.cmdline())));
        CPPUNIT_ASSERT_EQUAL(3, verify(evidence, nonceHex, kAnyKey, measured(vm, vm.cmdline() + " x")));
        std::string changed = evidence;
        changed[changed.size() - 100] ^= 1; // of the event log, which comes last
        CPPUNIT_ASSERT_EQUAL(3, verify(changed, nonceHex, kAnyKey));
        client().removeVm(vm.id());
        waitUntilClean();
    }

    /// The sizes that it divides by, and the ascii list of IMA, which it replays into PCR 10.
    void givesEvidenceToTheCocosCli()
    {
        startWithTpm({{"attest-vtpm.banks", "sha1,sha256"}}); // it looks for SHA-1's PCR 10
        const auto vm = runVm();
        PeerClient peer(vm.agent_address());
        const auto evidence = peer.attestation(1, std::string(32, 'N'));
        requireOk(evidence.status);
        CPPUNIT_ASSERT(!evidence.file.empty());
        CPPUNIT_ASSERT(!peer.attestation(5, "").status.ok());

        const auto list = peer.imaMeasurements();
        requireOk(list.status);
        std::istringstream lines(list.file);
        std::string line, pcr(20, '\0');
        std::size_t count = 0;
        for (; std::getline(lines, line); ++count) {
            std::istringstream fields(line);
            std::string index, digest;
            fields >> index >> digest;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(line, std::string("10"), index);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(line, std::size_t{40}, digest.size());
            pcr = sha1(pcr + bytesOfHex(digest));
        }
        CPPUNIT_ASSERT(count > 0);
        CPPUNIT_ASSERT_EQUAL(hexOf(pcr), hexOf(list.pcr10));

        const auto binary = peer.imaMeasurements(true);
        requireOk(binary.status);
        CPPUNIT_ASSERT_EQUAL(std::string("0a000000"), hexOf(binary.file.substr(0, 4))); // PCR 10
        CPPUNIT_ASSERT_EQUAL(hexOf(list.pcr10), hexOf(binary.pcr10));
        client().removeVm(vm.id());
    }

    static std::string sha1(const std::string& bytes)
    {
        std::string out(20, '\0');
        CPPUNIT_ASSERT_EQUAL(1, EVP_Digest(bytes.data(), bytes.size(),
                                           reinterpret_cast<unsigned char*>(out.data()), nullptr, EVP_sha1(),
                                           nullptr));
        return out;
    }

    static std::string bytesOfHex(const std::string& hex)
    {
        std::string out;
        for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
            out += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
        return out;
    }

    void keepsItsTpmWhenTheDaemonIsKilled()
    {
        startWithTpm({{"vm.on_shutdown", "keep"}});
        const auto vm = client().createVm();
        client().waitForState(vm.id(), v1::VM_STATE_RUNNING);
        const std::string socket = stage().runDir(vm.id()) / "swtpm.sock"; // of this VM, and no other test's
        const auto before = processesWith(socket);
        CPPUNIT_ASSERT(!before.empty());
        daemon().crash();
        startAgain();
        client().waitForState(vm.id(), v1::VM_STATE_RUNNING);
        CPPUNIT_ASSERT(processesWith(socket) == before);
        CPPUNIT_ASSERT(!evidenceOf(vm, "again").empty());
        client().removeVm(vm.id());
        waitUntilClean();
        CPPUNIT_ASSERT(processesWith(socket).empty());
    }

    void refusesARunDirectoryWithoutRoomForTheSocket()
    {
        startWithTpm();
        const auto refused = runDaemon(
            stage(),
            {.settings = with(options_.settings, {{"runtime.dir", stage().scratch / std::string(90, 'r')}})});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(refused.errors, 78, refused.status);
        requireContains(refused.errors, "107");
    }

    static std::string hexOf(const std::string& bytes)
    {
        constexpr const char* kDigits = "0123456789abcdef";
        std::string out;
        for (const char c : bytes) {
            out += kDigits[static_cast<unsigned char>(c) >> 4];
            out += kDigits[static_cast<unsigned char>(c) & 15];
        }
        return out;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(VtpmTest);

} // namespace
} // namespace teehost::test
