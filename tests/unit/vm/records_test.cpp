// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <cppunit/extensions/HelperMacros.h>

#include "host/vm/process_identity.h"
#include "host/vm/records.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

class RecordsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RecordsTest);
    CPPUNIT_TEST(aVmReadsBackAsItWas);
    CPPUNIT_TEST(whatIsKnownOfItsEvidenceReadsBackAsItWas);
    CPPUNIT_TEST(anEventReadsBackAsItWas);
    CPPUNIT_TEST(whatMakesNoSenseIsRefused);
    CPPUNIT_TEST(everyStateHasAName);
    CPPUNIT_TEST(anEndedVmHoldsNothing);
    CPPUNIT_TEST(aProcessIsMoreThanItsPid);
    CPPUNIT_TEST_SUITE_END();

    static launch::VmSpec spec()
    {
        launch::VmSpec out;
        out.backend = "b";
        out.accel = "tcg";
        out.vcpus = 3;
        out.maxVcpus = 4;
        out.memoryBytes = 5ULL << 30;
        out.kernel = "/k";
        out.initrd = "/i";
        out.cmdline = "quiet \"x\"";
        out.hostData = {0, 1, 0xff};
        out.configDigest = std::vector<std::uint8_t>(32, 7);
        out.ttl = 90min;
        out.labels = {{"team", "bl\xc3\xbcue"}};
        out.maxRestarts = 7;
        out.idempotencyKey = "key";
        out.fingerprint = "digest";
        return out;
    }

    void aVmReadsBackAsItWas()
    {
        Vm vm(io_, spec());
        vm.created = vm.stateSince = std::chrono::system_clock::time_point(1234567us);
        vm.state = VmState::Stopping;
        vm.deadline = std::chrono::system_clock::time_point(99s);
        vm.stop = StopRequest{.reason = "removed by a client", .force = true, .grace = 3s};
        vm.outcome = Outcome{Category::Aborted, "guest-panic", "why", "what to do"};
        vm.launched = vm.agentAnswered = true;
        vm.signal = UpSignal::Guest;
        vm.wasUp = true;
        vm.consoleStart = 77;
        vm.spec.ready = "guest";
        vm.spec.endOnBootTimeout = true;
        vm.runDirectory = "/run/teehost/vm/x";
        vm.cpuModel = "EPYC";
        vm.restarts = 2;
        vm.consoleDropped = 1ULL << 40;
        vm.qemuIdentity = store::ProcessRow{"boot", 77, 88};
        vm.sidecars.push_back({"swtpm", {"/usr/bin/swtpm", "socket"}, 1500ms, {"boot", 7, 8}, nullptr});

        Vm back(io_, launch::VmSpec());
        fromRow(toRow(vm, vm.state), back);
        CPPUNIT_ASSERT(back.state == VmState::Stopping);
        CPPUNIT_ASSERT(back.created == vm.created && back.stateSince == vm.stateSince);
        CPPUNIT_ASSERT(back.deadline == vm.deadline);
        CPPUNIT_ASSERT_EQUAL(vm.spec.cmdline, back.spec.cmdline);
        CPPUNIT_ASSERT(back.spec.hostData == vm.spec.hostData);
        CPPUNIT_ASSERT(back.spec.configDigest == vm.spec.configDigest);
        CPPUNIT_ASSERT(back.spec.labels == vm.spec.labels && back.spec.ttl == vm.spec.ttl);
        CPPUNIT_ASSERT_EQUAL(vm.spec.memoryBytes, back.spec.memoryBytes);
        CPPUNIT_ASSERT_EQUAL(vm.spec.maxRestarts, back.spec.maxRestarts);
        CPPUNIT_ASSERT_EQUAL(vm.spec.idempotencyKey + vm.spec.fingerprint,
                             back.spec.idempotencyKey + back.spec.fingerprint);
        CPPUNIT_ASSERT(back.stop && back.stop->force && back.stop->grace == vm.stop->grace);
        CPPUNIT_ASSERT_EQUAL(std::string("guest-panic"), back.outcome->end);
        CPPUNIT_ASSERT(back.outcome->failure == Category::Aborted);
        CPPUNIT_ASSERT(back.launched && back.agentAnswered);
        CPPUNIT_ASSERT(back.signal == UpSignal::Guest && back.upWhen() == UpWhen::Guest);
        CPPUNIT_ASSERT(back.spec.endOnBootTimeout && back.wasUp);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{77}, back.consoleStart);
        CPPUNIT_ASSERT_EQUAL(vm.runDirectory, back.runDirectory);
        CPPUNIT_ASSERT_EQUAL(vm.consoleDropped, back.consoleDropped);
        CPPUNIT_ASSERT_EQUAL(vm.restarts, back.restarts);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{77}, back.qemuIdentity->pid);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, back.sidecars.size());
        CPPUNIT_ASSERT(back.sidecars[0].argv == vm.sidecars[0].argv);
        CPPUNIT_ASSERT(back.sidecars[0].stopTimeout == 1500ms);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{8}, back.sidecars[0].identity.startTicks);
    }

    void whatIsKnownOfItsEvidenceReadsBackAsItWas()
    {
        Vm vm(io_, spec());
        auto& record = vm.attestation;
        record.standing = Standing::Undecided;
        record.at = std::chrono::system_clock::time_point(7us);
        record.reason = "the agent does not answer";
        record.silences = 2;
        record.judges = {"a", "b"};
        record.references["a"].measurement = {{{"PCR4", plugin::DigestAlg::Sha384, plugin::Bytes(48, 1)}},
                                              {{"number", std::uint64_t{1} << 63},
                                               {"signed", std::int64_t{-1}},
                                               {"flag", true},
                                               {"text", std::string("t")},
                                               {"bytes", plugin::Bytes{0, 0xff}}},
                                              {}};
        record.references["b"].missing = "it has no firmware";
        record.kept["a"] = {{"clock", std::uint64_t{9}}};

        Vm back(io_, launch::VmSpec());
        fromRow(toRow(vm, VmState::Running), back);
        CPPUNIT_ASSERT(back.attestation.standing == record.standing && back.attestation.at == record.at);
        CPPUNIT_ASSERT_EQUAL(record.reason, back.attestation.reason);
        CPPUNIT_ASSERT_EQUAL(record.silences, back.attestation.silences);
        CPPUNIT_ASSERT(back.attestation.judges == record.judges);
        const auto& a = back.attestation.references.at("a").measurement;
        CPPUNIT_ASSERT(a.registers == record.references["a"].measurement.registers);
        CPPUNIT_ASSERT_EQUAL(std::size_t{5}, a.values.size());
        for (const auto& value : record.references["a"].measurement.values)
            CPPUNIT_ASSERT(std::find(a.values.begin(), a.values.end(), value) != a.values.end());
        CPPUNIT_ASSERT_EQUAL(std::string("it has no firmware"), back.attestation.references.at("b").missing);
        CPPUNIT_ASSERT(back.attestation.kept == record.kept);
        // Of the launch that is to come, nothing is known.
        Vm again(io_, launch::VmSpec());
        vm.state = VmState::Running;
        fromRow(toRow(vm, VmState::Restarting), again);
        CPPUNIT_ASSERT(again.attestation.standing == Standing::Unknown && again.attestation.judges.empty());
    }

    void anEventReadsBackAsItWas()
    {
        Event event;
        event.seq = 9;
        event.at = std::chrono::system_clock::time_point(5us);
        event.vmId = "id";
        event.idempotencyKey = "key";
        event.kind = "state";
        event.message = "a sentence";
        event.state = VmState::Running;
        event.previous = VmState::Booting;
        event.fields = {{"end", "asked"}};
        const Event back = fromRow(toRow(event));
        CPPUNIT_ASSERT(back.seq == event.seq && back.at == event.at && back.fields == event.fields);
        CPPUNIT_ASSERT(back.state == event.state && back.previous == event.previous);
        CPPUNIT_ASSERT_EQUAL(event.vmId + event.idempotencyKey + event.kind + event.message,
                             back.vmId + back.idempotencyKey + back.kind + back.message);
    }

    void whatMakesNoSenseIsRefused()
    {
        const Vm vm(io_, spec());
        const auto good = toRow(vm, VmState::Running);
        for (const auto* body : {"", "{", "[]", "{}", "{\"spec\":7}", "{\"spec\":{\"vcpus\":\"many\"}}",
                                 "{\"spec\":{},\"sidecars\":[{}]}", "{\"spec\":{},\"stop\":[]}",
                                 "{\"spec\":{},\"attestation\":{\"references\":{\"a\":7}}}"}) {
            auto bad = good;
            bad.body = body;
            Vm back(io_, launch::VmSpec());
            CPPUNIT_ASSERT_THROW_MESSAGE(body, fromRow(bad, back), Error);
        }
        auto bad = good;
        bad.state = "dancing";
        Vm back(io_, launch::VmSpec());
        CPPUNIT_ASSERT_THROW(fromRow(bad, back), Error);
    }

    void everyStateHasAName()
    {
        for (int i = 0; i <= static_cast<int>(VmState::Failed); ++i) {
            const auto state = static_cast<VmState>(i);
            CPPUNIT_ASSERT(stateName(state) != "unknown");
            CPPUNIT_ASSERT(parseState(stateName(state)) == state);
        }
        CPPUNIT_ASSERT(!parseState("unknown"));
    }

    void anEndedVmHoldsNothing()
    {
        Vm vm(io_, spec());
        vm.port = std::make_shared<const std::uint16_t>(std::uint16_t{6100});
        vm.qemuIdentity = store::ProcessRow{"boot", 77, 88};
        CPPUNIT_ASSERT(toRow(vm, VmState::Running).port.has_value());
        const auto row = toRow(vm, VmState::Stopped);
        CPPUNIT_ASSERT(!row.port && !row.qemu);
    }

    void aProcessIsMoreThanItsPid()
    {
        const auto any = [](const std::vector<std::string>&) { return true; };
        const auto none = [](const std::vector<std::string>&) { return false; };
        const auto self = identityOf(::getpid());
        CPPUNIT_ASSERT(findProcess(self, any).presence == Presence::Alive);
        CPPUNIT_ASSERT(findProcess(self, any).pidfd);
        CPPUNIT_ASSERT(findProcess(self, none).presence == Presence::Foreign);
        auto other = self;
        ++other.startTicks;
        CPPUNIT_ASSERT(findProcess(other, any).presence == Presence::Gone);
        other = self;
        other.bootId = "another";
        CPPUNIT_ASSERT(findProcess(other, any).presence == Presence::Gone);
        other = self;
        other.pid = 1 << 29;
        CPPUNIT_ASSERT(findProcess(other, any).presence == Presence::Gone);
        CPPUNIT_ASSERT(isQemuOf("u", {"qemu", "-uuid", "u"}));
        CPPUNIT_ASSERT(!isQemuOf("u", {"qemu", "-name", "u", "-uuid"}));
    }

    asio::io_context io_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(RecordsTest);

} // namespace
} // namespace teehost::vm
