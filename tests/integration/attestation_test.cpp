// SPDX-License-Identifier: Apache-2.0
//
// The daemon attests the VMs it runs: a real firmware measures a real kernel into a real TPM, what must come
// out was computed when the VM was launched, and whatever differs is caught by the check that is meant to.
#include <algorithm>
#include <fstream>

#include <cppunit/extensions/HelperMacros.h>
#include <nlohmann/json.hpp>

#include "support/cli.h"
#include "support/guest_image.h"
#include "support/http.h"
#include "support/qemu_wrapper.h"
#include "vtpm/tpm_host_test.h"

namespace teehost::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kAttestLimit = 60s;
constexpr auto kAttested = v1::ATTESTATION_STANDING_ATTESTED;
constexpr auto kFailed = v1::ATTESTATION_STANDING_FAILED;

class AttestationTest final : public TpmHostTest {
    CPPUNIT_TEST_SUITE(AttestationTest);
    CPPUNIT_TEST(attestsAndRemembers);
    CPPUNIT_TEST(noticesAPcrThatIsExtendedLater);
    CPPUNIT_TEST(noticesAnotherKernel);
    CPPUNIT_TEST(noticesAnotherCommandLine);
    CPPUNIT_TEST(noticesAnOldQuote);
    CPPUNIT_TEST(noticesAKeyThatIsInNoTpm);
    CPPUNIT_TEST(noticesPcrsThatWereNotQuoted);
    CPPUNIT_TEST(holdsVmsToPcrsThatTheOperatorExpects);
    CPPUNIT_TEST(saysWhatCannotBeAttested);
    CPPUNIT_TEST_SUITE_END();

    Answer<v1::Attestation> askAttestation(const std::string& id, const std::string& nonce = {})
    {
        v1::AttestVmRequest request;
        request.set_id(id);
        request.set_nonce(nonce);
        return client().call(&Host::AttestVm, request, kAttestLimit);
    }

    v1::Attestation attest(const v1::Vm& vm, const std::string& nonce = {})
    {
        auto answer = askAttestation(vm.id(), nonce);
        requireOk(answer.status);
        return answer.body;
    }

    /// The verdict of each check, "pass" or else; everything that was said, for a test that fails.
    static std::map<std::string, std::string> checksOf(const v1::Attestation& attestation)
    {
        std::map<std::string, std::string> out;
        for (const auto& verdict : attestation.verdicts())
            for (const auto& check : verdict.checks())
                out[check.id()] = check.verdict();
        return out;
    }

    /// Attests the VM and expects that exactly these checks say no.
    void expectCaught(const v1::Vm& vm, const std::vector<std::string>& by, const std::string& words)
    {
        const auto attestation = attest(vm);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(attestation.DebugString(), kFailed, attestation.standing());
        std::vector<std::string> refuting;
        for (const auto& [id, verdict] : checksOf(attestation))
            if (verdict == "fail")
                refuting.push_back(id);
        CPPUNIT_ASSERT_MESSAGE(attestation.DebugString(), refuting == by);
        requireContains(attestation.reason(), words);
        CPPUNIT_ASSERT_EQUAL(kFailed, client().getVm(vm.id()).attestation());
    }

    [[nodiscard]] std::vector<v1::Event> attestations(const std::string& id)
    {
        auto events = client().events(id);
        std::erase_if(events, [](const auto& event) { return event.kind() != "attestation"; });
        return events;
    }

    /// How many verdicts of that standing the VM has had.
    [[nodiscard]] std::ptrdiff_t count(const std::string& id, const std::string& standing)
    {
        const auto events = attestations(id);
        return std::count_if(events.begin(), events.end(),
                             [&](const auto& event) { return event.fields().at("standing") == standing; });
    }

    void attestsAndRemembers()
    {
        startWithTpm({{"vm.on_shutdown", "keep"}});
        const auto vm = runVm();
        CPPUNIT_ASSERT_EQUAL(v1::ATTESTATION_STANDING_UNKNOWN, vm.attestation());

        const std::string nonce(20, 'n');
        const auto first = attest(vm, nonce);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(first.DebugString(), kAttested, first.standing());
        CPPUNIT_ASSERT_EQUAL(nonce, first.nonce());
        const auto checks = checksOf(first);
        for (const char* id : {"vtpm.signature", "vtpm.nonce", "vtpm.ak_binding", "vtpm.ek_certificate",
                               "vtpm.log_replay", "vtpm.pcr_policy", "vtpm.reference", "host.challenge"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(id, std::string("pass"), checks.at(id));
        // Somebody may have known the client's nonce before.
        CPPUNIT_ASSERT_EQUAL(v1::ATTESTATION_STANDING_UNKNOWN, client().getVm(vm.id()).attestation());
        const auto second = attest(vm); // over a nonce of the daemon's own
        CPPUNIT_ASSERT_EQUAL(kAttested, second.standing());
        CPPUNIT_ASSERT_EQUAL(std::size_t{32}, second.nonce().size());
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{2}, count(vm.id(), "attested"));
        requireContains(httpGet("http://" + daemon().httpAddress() + "/metrics").body,
                        "teehost_vm_attestations_total{standing=\"attested\"} 2");
        attestByHand(vm);

        crashDaemon();
        startAgain({{"attest.interval", "1s"}});
        CPPUNIT_ASSERT_EQUAL(kAttested, client().getVm(vm.id()).attestation()); // from the store
        waitUntil("it is attested on and on", [&] { return count(vm.id(), "attested") >= 5; });
        for (int i = 0; i < 3; ++i) { // in the middle of one, as likely as not
            endDaemon();
            startAgain({{"attest.interval", "100ms"}});
            const auto before = count(vm.id(), "attested");
            waitUntil("it goes on", [&] { return count(vm.id(), "attested") > before; });
        }
        CPPUNIT_ASSERT_EQUAL(attestations(vm.id()).size(),
                             static_cast<std::size_t>(count(vm.id(), "attested")));
        client().removeVm(vm.id());
        waitUntilClean();
    }

    void attestByHand(const v1::Vm& vm)
    {
        const auto json = runCli(stage(), daemon(), {"attest", vm.id(), "--output", "json"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(json.errors, 0, json.status);
        CPPUNIT_ASSERT_EQUAL(std::string("attested"),
                             nlohmann::json::parse(json.output).at("standing").get<std::string>());
        const auto text = runCli(stage(), daemon(), {"attest", vm.id()});
        CPPUNIT_ASSERT_EQUAL(0, text.status);
        requireContains(text.output, "is attested: attested by attest-vtpm");
        requireLacks(text.output, "vtpm.rooted_in");
        requireContains(runCli(stage(), daemon(), {"attest", vm.id(), "--claims"}).output, "vtpm.rooted_in");
        requireContains(runCli(stage(), daemon(), {"list"}).output, "attested");
        CPPUNIT_ASSERT_EQUAL(2, runCli(stage(), daemon(), {"attest", vm.id(), "--nonce", "0011"}).status);
    }

    void noticesAPcrThatIsExtendedLater()
    {
        startWithTpm(
            {{"attest.interval", "1s"},
             {"attest.on_failure", "stop"},
             {"qemu.kernel.cmdline", commandLine("teehost.fault=extend-pcr teehost.fault_delay_ms=15000")}});
        const auto vm = runVm();
        waitUntil("it is attested", [&] { return count(vm.id(), "attested") > 0; });
        const auto ended = client().waitForState(vm.id(), v1::VM_STATE_STOPPED);
        requireContains(ended.cause(), "it is not attested");
        const auto last = attestations(vm.id()).back();
        CPPUNIT_ASSERT_EQUAL(std::string("failed"), last.fields().at("standing"));
        requireContains(last.fields().at("checks"), "vtpm.log_replay");
        requireContains(last.fields().at("checks"), "vtpm.pcr_policy");
        client().removeVm(vm.id());
        waitUntilClean();
    }

    /// Swapped after the daemon measured it and before QEMU reads it.
    void noticesAnotherKernel()
    {
        std::string kernel = readFile(guestImage().bzImage);
        writeFile(stage().scratch / "kernel", kernel);
        // A character of its version, which nothing depends on (Linux boot protocol, kernel_version).
        const std::size_t at = 0x200u + static_cast<unsigned char>(kernel[0x20E]) +
                               256u * static_cast<unsigned char>(kernel[0x20F]);
        ++kernel.at(at);
        writeFile(stage().scratch / "other", kernel);
        startWithTpm({{"qemu.kernel.file", stage().scratch / "kernel"},
                      {"qemu.bin_path", qemuWrapper(stage(), "cp \"$dir/other\" \"$dir/kernel\"")}});
        const auto vm = runVm();
        expectCaught(vm, {"vtpm.pcr_policy"}, "PCR 4");
        client().removeVm(vm.id());
    }

    void noticesAnotherCommandLine()
    {
        const std::string change = R"sh(
set -- "$@" end-of-arguments
while [ "$1" != end-of-arguments ]; do
    [ "$1" = -append ] && { set -- "$@" "$1" "$2 debug"; shift 2; continue; }
    set -- "$@" "$1"; shift
done
shift)sh";
        startWithTpm({{"qemu.bin_path", qemuWrapper(stage(), change)}});
        const auto vm = runVm();
        expectCaught(vm, {"vtpm.pcr_policy"}, "PCR 9");
        client().removeVm(vm.id());
    }

    void noticesAnOldQuote()
    {
        const auto vm = runVmWith("teehost.fault=replay-quote");
        CPPUNIT_ASSERT_EQUAL(kAttested, attest(vm).standing());
        expectCaught(vm, {"vtpm.nonce"}, "fresh");
        client().removeVm(vm.id());
    }

    void noticesAKeyThatIsInNoTpm()
    {
        const auto vm = runVmWith("teehost.fault=lie-key");
        expectCaught(vm, {"vtpm.ak_binding"}, "trusted");
        client().removeVm(vm.id());
    }

    void noticesPcrsThatWereNotQuoted()
    {
        const auto vm = runVmWith("teehost.fault=lie-pcrs");
        const auto attestation = attest(vm);
        CPPUNIT_ASSERT_EQUAL(kFailed, attestation.standing());
        CPPUNIT_ASSERT_EQUAL(std::string("fail"), checksOf(attestation).at("vtpm.pcr_digest"));
        requireContains(attestation.reason(), "PCRs are those quoted");
        client().removeVm(vm.id());
    }

    void holdsVmsToPcrsThatTheOperatorExpects()
    {
        writeFile(stage().scratch / "pcrs.json",
                  R"({"pcr_values": {"sha256": {"7": ")" + std::string(64, '1') + "\"}}}");
        startWithTpm({{"attest-vtpm.pcr_values", stage().scratch / "pcrs.json"}});
        const auto vm = runVm();
        expectCaught(vm, {"vtpm.pcr_policy"}, "PCR 7");
        client().removeVm(vm.id());
    }

    void saysWhatCannotBeAttested()
    {
        startDaemon();
        const auto vm = runVm();
        requireStatus(askAttestation(vm.id()).status, grpc::StatusCode::FAILED_PRECONDITION,
                      "nothing attests this VM");
        requireStatus(askAttestation(vm.id(), "short").status, grpc::StatusCode::INVALID_ARGUMENT, "8 to 32");
        requireStatus(askAttestation("6c1e4fe6-3c36-4a52-9ff0-9f8fd3b9a001").status,
                      grpc::StatusCode::NOT_FOUND, "");
        client().removeVm(vm.id());
        requireStatus(askAttestation("").status, grpc::StatusCode::INVALID_ARGUMENT, "id");
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AttestationTest);

} // namespace
} // namespace teehost::test
