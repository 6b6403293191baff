// SPDX-License-Identifier: Apache-2.0
#include <csignal>

#include <cppunit/extensions/HelperMacros.h>

#include "host/base/error.h"
#include "host/base/helper_process.h"
#include "host/doctor/explain.h"
#include "host/doctor/kvm_probe.h"

namespace teehost::doctor {
namespace {

using namespace std::chrono_literals;

class DoctorTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DoctorTest);
    CPPUNIT_TEST(explainsWhatTheInstalledQemuSays);
    CPPUNIT_TEST(quotesTheLineThatShowsIt);
    CPPUNIT_TEST(thePluginWinsWhenItIsSurer);
    CPPUNIT_TEST(anUnknownFailureQuotesTheFirstComplaint);
    CPPUNIT_TEST(signalsAreExplained);
    CPPUNIT_TEST(theProbesLineGoesBothWays);
    CPPUNIT_TEST(refusesAProbeThatPrintsSomethingElse);
    CPPUNIT_TEST(aProbeThatFailsIsNotUsable);
    CPPUNIT_TEST_SUITE_END();

    static plugin::Failure failure(const std::string& output, int waitStatus = 1 << 8)
    {
        plugin::Failure out;
        out.waitStatus = waitStatus;
        out.stage = "qmp";
        out.stderrTail = output;
        return out;
    }

    /// Each row is a command that the real QEMU refuses here and now.
    void explainsWhatTheInstalledQemuSays()
    {
        struct Row {
            std::vector<std::string> arguments;
            std::string cause;
        };
        const Row rows[] = {
            {{"-kernel", "/no/kernel"}, "could not open the kernel"},
            {{"-kernel", "/etc/hostname"}, "not a"},
            {{"-bios", "/no/firmware"}, "could not load the firmware"},
            {{"-machine", "nonsense"}, "no such machine type"},
            {{"-cpu", "nonsense"}, "no such CPU model"},
            {{"-smp", "5000"}, "fewer vCPUs"},
            {{"-m", "9000000M"}, "not enough memory"},
            {{"-device", "nonsense"}, "lacks a device"},
            {{"-object", "sev-nonsense,id=x"}, "does not know an object"},
            {{"-fsdev", "local,id=e,path=/no/share,security_model=none", "-device",
              "virtio-9p-pci,fsdev=e,mount_tag=e"},
             "9p shares"},
            {{"-netdev", "user,id=n,hostfwd=tcp:192.0.2.1:1-:1"}, "could not bind the agent's host port"},
            {{"-nosuchoption"}, "refused one of its options"},
            {{"-accel", "nonsense"}, "built without the accelerator"},
        };
        for (const auto& row : rows) {
            std::vector<std::string> argv{"qemu-system-x86_64", "-machine", "q35",
                                          "-display",           "none",     "-nodefaults"};
            argv.insert(argv.end(), row.arguments.begin(), row.arguments.end());
            const auto qemu = runHelper(argv, 60s);
            CPPUNIT_ASSERT_MESSAGE("QEMU accepted " + row.arguments.back(), !qemu.ok() && !qemu.timedOut);
            const auto why = explain(failure(qemu.output, qemu.status << 8), {});
            CPPUNIT_ASSERT_MESSAGE(row.arguments.back() + " -> " + why.cause + " from " + qemu.output,
                                   why.cause.find(row.cause) != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(row.arguments.back(), !why.remedy.empty() && !why.evidence.empty());
        }
    }

    void quotesTheLineThatShowsIt()
    {
        const auto why = explain(
            failure("warning: TCG doesn't support x\nqemu: could not load PC BIOS '\x1b[2J'\nmore\n"), {});
        CPPUNIT_ASSERT_EQUAL(std::string("qemu: could not load PC BIOS '\\x1b[2J'"), why.evidence);
        CPPUNIT_ASSERT(isPortBusy("x: Could not set up host forwarding rule 'tcp:…'"));
        CPPUNIT_ASSERT(!isPortBusy("qemu: could not load PC BIOS"));
    }

    void thePluginWinsWhenItIsSurer()
    {
        const auto output = "could not load PC BIOS";
        CPPUNIT_ASSERT_EQUAL(std::string("mine"), explain(failure(output), {{95, "mine", "do", "q"}}).cause);
        CPPUNIT_ASSERT_EQUAL(std::string("mine"), explain(failure(output), {{90, "mine", "do", "q"}}).cause);
        CPPUNIT_ASSERT(explain(failure(output), {{10, "mine", "do", "q"}}).cause != "mine");
    }

    void anUnknownFailureQuotesTheFirstComplaint()
    {
        const auto why =
            explain(failure("qemu: warning: TCG lacks a feature\nsomething new\nwhat follows\n", 3 << 8), {});
        CPPUNIT_ASSERT_EQUAL(std::string("QEMU ended with exit status 3"), why.cause);
        CPPUNIT_ASSERT_EQUAL(std::string("something new"), why.evidence);
        const auto reset = explain(failure("qemu: warning: TCG lacks a feature\n", 0), {});
        CPPUNIT_ASSERT(reset.cause.starts_with("the guest rebooted or powered off at once"));
        CPPUNIT_ASSERT_EQUAL(std::string(), reset.evidence);
        CPPUNIT_ASSERT_EQUAL(std::string("QEMU did not get ready"), explain(failure("", -1), {}).cause);
    }

    void signalsAreExplained()
    {
        CPPUNIT_ASSERT(explain(failure("", SIGSYS), {}).cause.find("sandbox") != std::string::npos);
        CPPUNIT_ASSERT(explain(failure("", SIGSEGV), {}).cause.find("SIGSEGV") != std::string::npos);
        CPPUNIT_ASSERT(explain(failure("", SIGKILL), {}).cause.find("killed") != std::string::npos);
    }

    void theProbesLineGoesBothWays()
    {
        const KvmProbeResult result{KvmVerdict::Slow, "a \"message\"", "a remedy", 1.5, 20};
        const auto back = fromLine(toLine(result) + "\n");
        CPPUNIT_ASSERT(back.verdict == KvmVerdict::Slow && back.usable());
        CPPUNIT_ASSERT_EQUAL(result.message, back.message);
        CPPUNIT_ASSERT_EQUAL(result.remedy, back.remedy);
        CPPUNIT_ASSERT_EQUAL(1.5, back.nsPerIteration);
    }

    void refusesAProbeThatPrintsSomethingElse()
    {
        for (const std::string_view text :
             {"", "{}", "[]", "hello", R"({"verdict":99})", R"({"verdict":-1})"})
            CPPUNIT_ASSERT_THROW_MESSAGE(std::string(text), (void)fromLine(text), std::exception);
    }

    void aProbeThatFailsIsNotUsable()
    {
        CPPUNIT_ASSERT(!probeKvm("/no/such/program").usable());
        CPPUNIT_ASSERT(!probeKvm("/bin/true").usable());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DoctorTest);

} // namespace
} // namespace teehost::doctor
