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
    CPPUNIT_TEST(explainsWhatQemuAndTheKernelSay);
    CPPUNIT_TEST(doesNotMistakeOneWordForAnother);
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

    /// Each row is a text with where it is from: a version and file of QEMU or Linux, or a public report.
    void explainsWhatQemuAndTheKernelSay()
    {
        struct Row {
            const char* from;
            const char* text; ///< the first line is the one that says something
            const char* cause;
            const char* remedy;
        };
        static constexpr Row rows[] = {
            {"QEMU 7.2, accel/kvm/kvm-all.c",
             "Could not access KVM kernel module: No such file or directory\n"
             "qemu-system-x86_64: -accel kvm: failed to initialize kvm: No such file or directory",
             "no /dev/kvm", "qemu.enable_kvm"},
            {"QEMU 10.0; a report on containers of Nova",
             "libvirt.libvirtError: internal error: qemu unexpectedly closed the monitor: Could not access "
             "KVM kernel "
             "module: Permission denied\n"
             "qemu-system-x86_64: -accel kvm: failed to initialize kvm: Permission denied",
             "may not open /dev/kvm", "container"},
            {"QEMU 7.2, accel/kvm/kvm-all.c",
             "kvm version too old\nqemu-system-x86_64: -accel kvm: failed to initialize kvm: Inappropriate "
             "ioctl",
             "not a KVM device", "ls -l /dev/kvm"},
            {"QEMU 7.2, softmmu/vl.c; intel/tdx-tools issue 227",
             "qemu-system-x86_64: -accel kvm: failed to initialize kvm: No such device", "off, or not passed",
             "qemu.enable_kvm"},
            {"QEMU 10.2, accel/kvm/kvm-all.c",
             "qemu-system-x86_64: ioctl(KVM_CREATE_VM) failed: Device or resource busy", "Another hypervisor",
             "VirtualBox"},
            {"QEMU 10.2, accel/kvm/kvm-all.c",
             "qemu-system-x86_64: Number of SMP cpus requested (5000) exceeds the maximum cpus supported by "
             "KVM (4096)",
             "fewer vCPUs", "qemu.smp.maxcpus"},
            {"Linux 7.1, arch/x86/kvm/vmx/vmx.c",
             "kvm_intel: VMX not enabled (by BIOS) in MSR_IA32_FEAT_CTL on CPU 3",
             "off in the firmware setup", "qemu.enable_kvm"},
            {"QEMU 7.2, target/i386/cpu.c", "qemu-system-x86_64: CPU model 'host' requires KVM or HVF",
             "needs KVM", "qemu.cpu"},
            {"QEMU 7.2, hw/i386/x86.c", "qemu: could not load kernel '/dev/null': No such file or directory",
             "could not load the kernel", "bzImage"},
            {"QEMU 10.2, hw/i386/x86-common.c",
             "qemu-system-x86_64: Error loading uncompressed kernel without PVH ELF Note", "ELF image",
             "vmlinux"},
            {"QEMU 7.2, hw/i386/x86.c", "qemu: error reading initrd nope: Failed to open file",
             "could not read the initrd", "qemu.kernel.initrd"},
            {"QEMU 10.2, hw/i386/x86-common.c",
             "qemu: initrd is too large, cannot support.(max: 1048575, need 2000000)", "larger than",
             "more memory"},
            {"QEMU 7.2, hw/i386/pc_sysfw.c",
             "qemu-system-x86_64: system firmware block device pflash0 has invalid size 3072\n"
             "qemu-system-x86_64: info: its size must be a non-zero multiple of 0x1000",
             "cut short", "4 KiB"},
            {"QEMU 7.2, hw/i386/pc_sysfw.c",
             "qemu-system-x86_64: combined size of system firmware exceeds 8388608 bytes", "too large",
             "max-fw-size"},
            {"QEMU 7.2, block/file-posix.c",
             "qemu-system-x86_64: -drive if=pflash,unit=0,file=/nope/OVMF.fd: Could not open "
             "'/nope/OVMF.fd': No such "
             "file or directory",
             "firmware file is missing", "ovmf.code.file"},
            {"QEMU 7.2, softmmu/physmem.c",
             "qemu-system-x86_64: cannot set up guest memory 'ram1': Cannot allocate memory",
             "not enough memory", "less memory"},
            {"QEMU 10.2, util/oslib-posix.c",
             "qemu-system-x86_64: qemu_prealloc_mem: preallocating memory failed: Bad address",
             "not enough memory", "less memory"},
            {"QEMU 10.2, hw/i386/pc.c",
             "qemu-system-x86_64: Address space limit 0xffffffffff < 0x1ffffffffff phys-bits too low (40)",
             "address bits", "qemu.memory.max"},
            {"QEMU 10.2, target/i386/cpu.c", "qemu-system-x86_64: Host doesn't support requested features",
             "CPU model", "qemu.cpu"},
            {"QEMU 10.2, hw/virtio/vhost-vsock.c",
             "qemu-system-x86_64: -device vhost-vsock-pci,guest-cid=3: vhost-vsock: unable to set guest cid: "
             "Address "
             "already in use",
             "same vsock number", "guest-cid"},
            {"QEMU 10.2, hw/virtio/vhost-vsock.c",
             "qemu-system-x86_64: -device vhost-vsock-pci: Could not open '/dev/vhost-vsock': No such file "
             "or directory",
             "no vhost-vsock", "vhost_vsock"},
            {"QEMU 10.2, net/tap-linux.c",
             "qemu-system-x86_64: could not configure /dev/net/tun (tap0): Operation not permitted",
             "network device", "net_admin"},
            {"QEMU 10.2, net/net.c",
             "qemu-system-x86_64: -netdev user,id=n: network backend 'user' is not compiled into this binary",
             "built without the network", "complete QEMU"},
            {"QEMU 7.2, hw/vfio/common.c; a commit of libvirt",
             "qemu-system-x86_64: -device vfio-pci,host=00:1a.0: vfio: error, group 8 is not viable, please "
             "ensure all "
             "devices within the iommu_group are bound to their vfio bus driver.",
             "IOMMU group", "vfio-pci"},
            {"QEMU 10.2, backends/tpm/tpm_emulator.c",
             "qemu-system-x86_64: tpm-emulator: TPM result for CMD_INIT: 0x9 operation failed",
             "could not use the VM's TPM", "attesters=none"},
            {"QEMU 7.2, block/file-posix.c",
             "qemu-system-x86_64: -drive file=d.qcow2: Failed to get \"write\" lock\nIs another process "
             "using the image?",
             "Another process uses", "fuser"},
            {"Linux 6.1, mm/oom_kill.c",
             "Out of memory: Killed process 4242 (qemu-system-x86) total-vm:9000000kB, anon-rss:8000000kB",
             "killed QEMU", "less memory"},
            {"QEMU 10.2, accel/kvm/kvm-all.c; AMDESE/AMDSEV issue 138",
             "error: kvm run failed Invalid argument\nEAX=00000000 EBX=00000000",
             "could not run the guest on", "console"},
        };
        for (const auto& row : rows) {
            const auto why =
                explain(failure(std::string("qemu: warning: odd\n") + row.text + "\nmore\n"), {});
            const std::string text = row.text;
            CPPUNIT_ASSERT_MESSAGE(text + " -> " + why.cause, why.cause.find(row.cause) != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(text + " -> " + why.remedy,
                                   why.remedy.find(row.remedy) != std::string::npos);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.from, text.substr(0, text.find('\n')), why.evidence);
        }
    }

    void doesNotMistakeOneWordForAnother()
    {
        for (const char* text : {"qemu-system-x86_64: warning: Number of SMP cpus requested (96) exceeds the "
                                 "recommended cpus supported "
                                 "by KVM (64)",
                                 "a parameter of the kernel", "kvm: Running KVM with ignore_msrs=1",
                                 "Linux version 6.1.0", "Command line: console=ttyS0 group=x"})
            CPPUNIT_ASSERT_MESSAGE(text, hostFindings(failure(text, -1)).empty());
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
