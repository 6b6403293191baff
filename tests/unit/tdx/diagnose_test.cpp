// SPDX-License-Identifier: Apache-2.0
//
// Texts as QEMU, the kernel and the TDX module's callers print them, each with where it is from.
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "support.h"

namespace teehost::tdx::test {
namespace {

struct Row {
    const char* from;   ///< version and file, or the public report it was found in
    const char* text;   ///< the first line is the one that says something
    const char* cause;  ///< part of it
    const char* remedy; ///< part of it
};

} // namespace

class DiagnoseTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DiagnoseTest);
    CPPUNIT_TEST(explainsQemusWords);
    CPPUNIT_TEST(explainsWhatIsWrongWithTheFirmware);
    CPPUNIT_TEST(readsTheCallBesideItsNumber);
    CPPUNIT_TEST(explainsTheKernelsWords);
    CPPUNIT_TEST(takesTheSymptomThatFitsTheLine);
    CPPUNIT_TEST(takesNoWarningForTheCause);
    CPPUNIT_TEST(findsTheReasonInTheKernelsLog);
    CPPUNIT_TEST(saysNothingOfOtherTroubles);
    CPPUNIT_TEST_SUITE_END();

    template <std::size_t N>
    static void expectRows(const Row (&rows)[N])
    {
        for (const Row& row : rows) {
            const std::string text = row.text;
            const auto found = diagnose("some line before\n" + text);
            CPPUNIT_ASSERT_MESSAGE(text, !found.empty());
            const auto& best = found.front();
            CPPUNIT_ASSERT_MESSAGE(text + " -> " + best.cause,
                                   best.cause.find(row.cause) != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(text + " -> " + best.remedy,
                                   best.remedy.find(row.remedy) != std::string::npos);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.from, text.substr(0, text.find('\n')), best.quote);
            CPPUNIT_ASSERT_EQUAL(best.cause, diagnose("", row.text).front().cause);
        }
    }

    void explainsQemusWords()
    {
        static constexpr Row kRows[] = {
            {"QEMU 7.2, qapi/qapi-visit-core.c; canonical/tdx issue 46",
             "qemu-system-x86_64: -object {\"qom-type\":\"tdx-guest\",\"id\":\"tdx0\"}: Parameter 'qom-type' "
             "does not accept value 'tdx-guest'",
             "older than 10.1", "QEMU 10.1"},
            {"libvirt; canonical/tdx issue 46",
             "error: unsupported configuration: INTEL TDX launch security is not supported with this QEMU "
             "binary",
             "older than 10.1", "qemu.bin_path"},
            {"QEMU 10.2, target/i386/kvm/tdx.c",
             "qemu-system-x86_64: Named cpu model is not supported for TDX yet!", "no named CPU model",
             "qemu.cpu"},
            {"QEMU 10.2, target/i386/kvm/tdx.c",
             "qemu-system-x86_64: TDX VM requires kernel_irqchip to be split", "interrupt controller",
             "qemu.machine"},
            {"QEMU 10.2, target/i386/kvm/tdx.c", "qemu-system-x86_64: TDX VM doesn't support SMM",
             "system management mode", "qemu.machine"},
            {"QEMU 10.2, target/i386/kvm/tdx.c",
             "qemu-system-x86_64: TDX requires guest CPU physical bits (40) to match host CPU physical bits "
             "(46)",
             "address bits", "qemu.cpu"},
            {"QEMU 10.2, target/i386/kvm/tdx.c",
             "qemu-system-x86_64: Invalid attributes 0x50000000 for TDX VM (KVM supported: 0x10000000)",
             "TD attributes", "tdx.attributes"},
            {"QEMU 10.2, target/i386/kvm/tdx.c",
             "qemu-system-x86_64: TDX 'mrconfigid' sha384 digest was 32 bytes, expected 48 bytes", "48 bytes",
             "tdx.mr_config_id"},
            {"QEMU 10.2, target/i386/kvm/kvm.c; canonical/tdx issue 385",
             "qemu-system-x86_64: vm-type TDX not supported by KVM", "no TDX VMs", "kvm_intel"},
            {"Intel's tree of QEMU 8; canonical/tdx issue 342",
             "qemu-system-x86_64: vm-type tdx not supported by KVM", "no TDX VMs", "kvm_intel"},
            {"Intel's tree of QEMU 7; intel/tdx-tools issue 281",
             "qemu-system-x86_64: -accel kvm: vm-type X86_TDX_VM not supported by KVM", "no TDX VMs",
             "kvm_intel"},
            {"Intel's tree of QEMU 6; intel/tdx-tools issue 223",
             "qemu-system-x86_64: -accel kvm: kvm-type 'tdx' not supported by KVM", "no TDX VMs",
             "kvm_intel"},
            {"QEMU 10.2, accel/kvm/kvm-all.c", "qemu-system-x86_64: KVM does not support guest_memfd",
             "no private memory", "Linux 6.16"},
            {"QEMU 10.2, hw/i386/pc_sysfw.c",
             "qemu-system-x86_64: pflash with kvm requires KVM readonly memory support", "given as flash",
             "-bios"},
            {"QEMU 10.2, hw/i386/x86-common.c", "qemu: could not load PC BIOS '/x/OVMF.fd'", "odd size",
             "tdx.firmware"},
            {"QEMU 10.2, target/i386/kvm/tdx-quote-generator.c",
             "qemu-system-x86_64: QGS message error code 12", "refused to make a quote", "qgsd"},
            {"QEMU 10.2, system/runstate.c",
             "TDX guest reports fatal error. error code: 0x0 error message:\"x\"", "gave up", "console"},
        };
        expectRows(kRows);
    }

    void explainsWhatIsWrongWithTheFirmware()
    {
        static constexpr Row kRows[] = {
            {"QEMU 10.2, hw/i386/tdvf.c and pc_sysfw.c",
             "qemu-system-x86_64: Cannot find TDX_METADATA_OFFSET_GUID\n"
             "qemu-system-x86_64: failed to parse TDVF for TDX VM",
             "not built for TDX", "OVMF_CODE"},
            {"QEMU 10.2, hw/i386/tdvf.c; intel/MigTD issue 1016",
             "qemu-kvm: Broken metadata RawDataSize 0x1000 MemoryDataSize 0x0\n"
             "qemu-kvm: failed to parse TDVF for TDX VM",
             "damaged, or made for another hypervisor", "MigTD"},
            {"QEMU 10.2, hw/i386/tdvf.c",
             "qemu-system-x86_64: TDVF contains unsupported section type 9\n"
             "qemu-system-x86_64: failed to parse TDVF for TDX VM",
             "another hypervisor", "tdx.firmware"},
            {"QEMU 10.2, hw/i386/tdvf.c",
             "qemu-system-x86_64: Invalid TDVF signature in metadata!\n"
             "qemu-system-x86_64: failed to parse TDVF for TDX VM",
             "not built for TDX", "OVMF_CODE"},
            {"QEMU 10.2, hw/i386/tdvf.c",
             "qemu-system-x86_64: 0 section with RawDataSize == 0\n"
             "qemu-system-x86_64: failed to parse TDVF for TDX VM",
             "damaged", "tdx.firmware"},
            {"QEMU 10.2, hw/i386/tdvf.c", "qemu-system-x86_64: 3 section with RawDataSize 0x1000 != 0",
             "damaged", "tdx.firmware"},
            {"QEMU 10.2, hw/i386/tdvf.c", "qemu-system-x86_64: MemoryAddress 0x123 not page aligned",
             "damaged", "tdx.firmware"},
            {"QEMU 10.2, hw/i386/tdvf.c", "qemu-system-x86_64: MemoryDataSize 0x123 not page aligned",
             "damaged", "tdx.firmware"},
            {"QEMU 10.2, hw/i386/tdvf.c",
             "qemu-system-x86_64: Invalid number of fw entries (4096) in TDVF Metadata", "damaged",
             "tdx.firmware"},
            {"QEMU 10.2, hw/i386/tdvf.c",
             "qemu-system-x86_64: TDVF metadata len (0x10) mismatch, expected (0x90)", "damaged",
             "tdx.firmware"},
            {"QEMU 10.2, target/i386/kvm/tdx.c",
             "qemu-system-x86_64: TDVF metadata doesn't specify TD_HOB location.", "damaged", "tdx.firmware"},
            {"QEMU 10.2, target/i386/kvm/tdx.c", "qemu-system-x86_64: Unsupported TDVF section 6",
             "another hypervisor", "tdx.firmware"},
            {"QEMU 10.2, target/i386/kvm/tdx.c",
             "qemu-system-x86_64: Failed to accept memory for TDVF section 3", "do not fit the VM's memory",
             "more memory"},
            {"QEMU 10.2, target/i386/kvm/tdx.c",
             "qemu-system-x86_64: Failed to mmap memory for TDVF section 2", "no memory", "less memory"},
        };
        expectRows(kRows);
    }

    /// The numbers of the calls are those of Linux 6.16 to 7.1, arch/x86/kvm/vmx/tdx.c.
    void readsTheCallBesideItsNumber()
    {
        static constexpr Row kRows[] = {
            {"QEMU 10.2, target/i386/kvm/tdx.c",
             "qemu-system-x86_64: TDX ioctl KVM_TDX_INIT_VM failed, hw_errors: 0x0: No space left on device",
             "key ids", "Stop a TD"},
            {"QEMU 10.2, target/i386/kvm/tdx.c",
             "qemu-system-x86_64: TDX ioctl KVM_TDX_INIT_VM failed, hw_errors: 0x0: Resource temporarily "
             "unavailable",
             "random number generator", "Try again"},
            {"QEMU 10.2, target/i386/kvm/tdx.c",
             "qemu-system-x86_64: TDX ioctl KVM_TDX_INIT_VM failed, hw_errors: 0xc000010000000080: Invalid "
             "argument",
             "TDX module finds a parameter", "tdx.attributes"},
            {"QEMU 10.2, target/i386/kvm/tdx.c",
             "qemu-system-x86_64: TDX ioctl KVM_TDX_INIT_VCPU failed, hw_errors: 0xc000010000000000: "
             "Input/output "
             "error",
             "does not take a vCPU", "vCPUs"},
            {"QEMU 10.2, target/i386/kvm/tdx.c",
             "qemu-system-x86_64: TDX ioctl KVM_TDX_INIT_VCPU failed, hw_errors: 0x0: Cannot allocate memory",
             "enough memory", "fewer vCPUs"},
            {"Intel's tree of QEMU 8; canonical/tdx issue 319",
             "qemu-system-x86_64: KVM_TDX_INIT_MEM_REGION failed Input/output error", "firmware's pages",
             "dmesg"},
            {"Intel's tree of QEMU 8; canonical/tdx issue 21",
             "qemu-system-x86_64: KVM_TDX_INIT_MEM_REGION failed Resource temporarily unavailable",
             "just now", "Try again"},
            {"QEMU 10.2, target/i386/kvm/tdx.c",
             "qemu-system-x86_64: TDX ioctl KVM_TDX_FINALIZE_VM failed, hw_errors: 0x8000020000000000: "
             "Device or "
             "resource busy",
             "busy", "Try again"},
            {"Intel's tree of QEMU 8; canonical/tdx issue 114",
             "qemu-system-x86_64: -accel kvm: get_tdx_capabilities: KVM_TDX_CAPABILITIES failed: "
             "Inappropriate ioctl "
             "for device\n"
             "qemu-system-x86_64: -accel kvm: failed to initialize kvm: Inappropriate ioctl for device",
             "do not belong together", "Linux 6.16"},
        };
        expectRows(kRows);
    }

    void explainsTheKernelsWords()
    {
        static constexpr Row kRows[] = {
            {"Linux 7.1, arch/x86/virt/vmx/tdx/tdx.c; canonical/tdx issue 425", "virt/tdx: module not loaded",
             "loaded no TDX module", "BIOS"},
            {"Ubuntu 23.10; canonical/tdx issue 102", "[   10.348460] tdx: not enabled by BIOS.",
             "not set up", "TME-MT"},
            {"Linux 7.1, arch/x86/virt/vmx/tdx/tdx.c",
             "virt/tdx: initialization failed: too few private KeyIDs available.", "Too few key ids",
             "key split"},
            {"Linux 7.1, arch/x86/virt/vmx/tdx/tdx.c",
             "virt/tdx: initialization failed: Hibernation support is enabled", "hibernate", "nohibernate"},
            {"Ubuntu 24.04; canonical/tdx issue 331",
             "[   10.798780] virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000\n"
             "[   10.798793] virt/tdx: module initialization failed (-5)\n"
             "[   10.798795] kvm_intel: Failed to initialize TDX module.",
             "too old", "1.5"},
            {"Ubuntu 23.10; canonical/tdx issue 25",
             "[    7.592823] tdx: SEAMCALL failed: CPU 94: leaf 33, error 0xc000092100000122.",
             "refused a call", "BIOS"},
            {"Ubuntu 24.04; canonical/tdx issue 161",
             "[   19.324236] virt/tdx: SEAMCALL (0x0000000000000021) failed: 0xc000090000000000",
             "refused a call", "BIOS"},
            {"Linux 7.1, arch/x86/virt/vmx/tdx/tdx.c",
             "virt/tdx: frame pointer (RBP) clobber bug present, upgrade TDX module", "too old", "BIOS"},
            {"Linux 7.1, arch/x86/kvm/vmx/tdx.c", "kvm_intel: TDX not supported by the host platform",
             "TDX is off", "TME"},
            {"Linux 7.1, arch/x86/kvm/vmx/tdx.c",
             "kvm_intel: All packages need to have online CPU to create TD. Online CPU and retry.", "socket",
             "online"},
            {"Linux 7.1, arch/x86/kvm/vmx/tdx.c", "kvm_intel: APICv is required for TDX", "APICv",
             "enable_apicv=1"},
        };
        expectRows(kRows);
    }

    void takesTheSymptomThatFitsTheLine()
    {
        const auto found = diagnose("qemu: No space left on device\n"
                                    "qemu: TDX ioctl KVM_TDX_INIT_VM failed: Invalid argument\n");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, found.size());
        CPPUNIT_ASSERT(found.front().cause.find("parameters") != std::string::npos);
    }

    void takesNoWarningForTheCause()
    {
        const auto found =
            diagnose("qemu: warning: TDX doesn't support requested feature: CPUID.07H:EBX.intel-pt\n"
                     "qemu: TDX ioctl KVM_TDX_INIT_VM failed, hw_errors: 0x0: Is a directory\n");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, found.size());
        CPPUNIT_ASSERT_EQUAL(std::string("KVM could not make the TD."), found.front().cause);
    }

    /// canonical/tdx issue 102: QEMU's error and the kernel's log in one text.
    void findsTheReasonInTheKernelsLog()
    {
        const auto found = diagnose("kvm: vm-type tdx not supported by KVM\n"
                                    "[    1.387218] tdx: BIOS enabled: private KeyID range [32, 64)\n"
                                    "[   10.348460] tdx: not enabled by BIOS.\n");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, found.size());
        CPPUNIT_ASSERT_EQUAL(std::string("TDX is not set up in the firmware setup."), found.front().cause);
    }

    void saysNothingOfOtherTroubles()
    {
        for (const char* text : {"qemu-system-x86_64: -netdev user: could not set up host forwarding", "",
                                 "vm-type SEV-SNP not supported by KVM", "failed to parse",
                                 // A host where all is well: canonical/tdx issue 385.
                                 "virt/tdx: BIOS enabled: private KeyID range [32, 64)\n"
                                 "virt/tdx: Disable ACPI S3. Turn off TDX in the BIOS to use ACPI S3.\n"
                                 "virt/tdx: 8396820 KB allocated for PAMT\nvirt/tdx: module initialized\n"})
            CPPUNIT_ASSERT_MESSAGE(text, diagnose(text).empty());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DiagnoseTest);

} // namespace teehost::tdx::test
