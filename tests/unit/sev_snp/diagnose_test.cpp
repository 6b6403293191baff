// SPDX-License-Identifier: Apache-2.0
//
// Texts as QEMU, the kernel and its drivers print them, each with where it is from.
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "support.h"

namespace teehost::sev_snp::test {
namespace {

struct Row {
    const char* from;   ///< version and file, or the public report it was found in
    const char* text;   ///< the first line is the one that says something, unless `quote` does
    const char* cause;  ///< part of it
    const char* remedy; ///< part of it
    const char* quote = nullptr;
};

} // namespace

class DiagnoseTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DiagnoseTest);
    CPPUNIT_TEST(explainsQemusWords);
    CPPUNIT_TEST(readsTheCallBesideItsNumber);
    CPPUNIT_TEST(explainsErrorsOfTheFirmware);
    CPPUNIT_TEST(explainsTheKernelsWords);
    CPPUNIT_TEST(readsWordsInAnyCase);
    CPPUNIT_TEST(putsTheCpuModelFirst);
    CPPUNIT_TEST(readsQmpErrorsToo);
    CPPUNIT_TEST(saysNothingOfOtherWords);
    CPPUNIT_TEST_SUITE_END();

    static void expectRow(const Row& row)
    {
        const std::string text = row.text;
        const std::string quote = row.quote != nullptr ? row.quote : text.substr(0, text.find('\n'));
        const auto findings = diagnose("some line before\n" + text + "\nsome line behind\n");
        CPPUNIT_ASSERT_MESSAGE(text, !findings.empty());
        const auto& best = findings.front();
        CPPUNIT_ASSERT_MESSAGE(text + " -> " + best.cause, best.cause.find(row.cause) != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(text + " -> " + best.remedy,
                               best.remedy.find(row.remedy) != std::string::npos);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(row.from, quote, best.quote);
    }
    template <std::size_t N>
    static void expectRows(const Row (&rows)[N])
    {
        for (const Row& row : rows)
            expectRow(row);
    }

    void explainsQemusWords()
    {
        static constexpr Row rows[] = {
            {"QEMU 7.2, qapi/qapi-visit-core.c",
             "qemu-system-x86_64: -object sev-snp-guest,id=sev0: Parameter 'qom-type' does not accept value "
             "'sev-snp-guest'",
             "older than 9.1", "qemu.bin_path"},
            {"QEMU 10.0, qapi/qapi-visit-core.c",
             "qemu-system-x86_64: -object igvm-cfg,id=igvm0: Parameter 'qom-type' does not accept value "
             "'igvm-cfg'",
             "does not boot IGVM files", "QEMU 10.1"},
            {"QEMU 10.0, qom/object.c",
             "qemu-system-x86_64: Property 'pc-q35-10.0-machine.igvm-cfg' not found",
             "does not boot IGVM files", "QEMU 10.1"},
            {"QEMU 9.1, util/qemu-option.c",
             "qemu-system-x86_64: -object sev-snp-guest,id=sev0,secure-tsc=on: Invalid parameter "
             "'secure-tsc'",
             "no secure TSC", "sev-snp.secure_tsc=false"},
            {"QEMU 9.1, util/qemu-option.c",
             "qemu-system-x86_64: -object sev-snp-guest,id=sev0,debug-swap=on: Invalid parameter "
             "'debug-swap'",
             "debug swap", "sev-snp.debug_swap=false"},
            {"QEMU 10.2, target/i386/kvm/kvm.c",
             "qemu-system-x86_64: -accel kvm: vm-type SEV-SNP not supported by KVM", "no SEV-SNP VMs",
             "sev_snp=1"},
            {"AMD's and COCONUT's trees, target/i386/kvm/kvm.c; stefano-garzarella/snp-svsm-vtpm issue 3",
             "qemu-system-x86_64: vm-type snp not supported by KVM", "no SEV-SNP VMs", "Linux 6.11"},
            {"QEMU 10.2, target/i386/sev.c", "qemu-system-x86_64: SEV-SNP does not support SMM.",
             "system management mode", "smm=on"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: sev_common_kvm_init: SEV-ES guests require in-kernel irqchipsupport",
             "interrupt controller", "kernel-irqchip"},
            {"QEMU 10.2, hw/i386/pc_sysfw.c",
             "qemu-system-x86_64: pflash with kvm requires KVM readonly memory support", "given as flash",
             "-bios"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: sev_common_kvm_init: cbitpos check failed, host '51' requested '47'",
             "not the position the CPU has", "sev-snp.cbitpos"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: sev_common_kvm_init: reduced_phys_bits check failed, it should be in the "
             "range of "
             "1 to 63, requested '0'",
             "not from 1 to 63", "sev-snp.reduced_phys_bits"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: sev_common_kvm_init: Failed to open /dev/sev 'No such file or directory'",
             "no SEV device", "ccp"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: sev_common_kvm_init: Failed to open /dev/sev 'Permission denied'",
             "may not open /dev/sev", "udev"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: sev_snp_populate_metadata: Failed to locate SEV metadata header",
             "no SEV metadata", "ovmf.code.file"},
            {"QEMU 10.2, target/i386/sev.c; kata-containers issue 9724",
             "qemu-system-x86_64: SEV information block/Firmware GUID Table block not found in pflash rom\n"
             "qemu-system-x86_64: failed to locate and/or save reset vector",
             "not an OVMF built for SEV", "ovmf.code.file"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: SEV: kernel specified but guest firmware has no hashes table GUID",
             "takes no kernel hashes", "ovmf.code.file"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: SEV: guest firmware hashes table area is invalid (base=0x0 size=0x0)",
             "area for kernel hashes", "ovmf.code.file"},
            {"QEMU 9.2, target/i386/sev.c; kata-containers issue 11785",
             "qemu-system-x86_64: ../target/i386/sev.c:1241: snp_launch_update_kernel_hashes: Assertion "
             "`sev_snp->kernel_hashes_data' failed.",
             "without a kernel", "qemu.kernel.file"},
            {"QEMU 10.2, hw/i386/x86-common.c", "qemu: could not load PC BIOS '/x/OVMF.fd'", "odd size",
             "ovmf.code.file"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: SEV-SNP: CPUID validation failed for function 0x80000007, index: 0x0, "
             "provided: "
             "eax:0x00000000, ebx: 0x00000000, ecx: 0x00000000, edx: 0x00000100, expected: eax:0x00000000, "
             "ebx: "
             "0x00000000, ecx: 0x00000000, edx: 0x00000000",
             "CPU model", "qemu.cpu"},
            {"QEMU 10.2, accel/kvm/kvm-all.c", "qemu-system-x86_64: KVM does not support guest_memfd",
             "no private memory", "Linux 6.11"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: sev_common_kvm_init: host kernel does not support the requested SEV "
             "configuration.",
             "no SEV-SNP VMs", "sev_snp=1"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: SEV-SNP: failed to configure initialprivate guest memory", "pages private",
             "vendor"},
            {"QEMU 10.2, backends/igvm.c",
             "qemu-system-x86_64: IGVM file does not describe a compatible supported platform",
             "not for SEV-SNP", "sev-snp.igvm_file"},
            {"QEMU 10.2, backends/igvm.c; coconut-svsm/svsm issue 375",
             "qemu-system-x86_64: Invalid platform header count in IGVM file. Error code: FFFFFFFF",
             "names no platform", "sev-snp.igvm_file"},
            {"QEMU 10.2, backends/igvm.c",
             "qemu-system-x86_64: Processing of IGVM file failed: Could not prepare memory at address "
             "0x800000 due to "
             "existing non-RAM region",
             "does not have", "more memory"},
            {"COCONUT-SVSM's tree; coconut-svsm/svsm issue 311",
             "qemu-system-x86_64: warning: memory fault: GPA 0x0 size 0x1000 flags 0x8",
             "does not hold as private", "vendor"},
            {"QEMU 10.2, backends/igvm.c", "qemu-system-x86_64: Unable to parse IGVM file x.igvm: -1",
             "damaged", "teehost measure"},
        };
        expectRows(rows);
    }

    /// The numbers of the calls are those of Linux 6.12 and 7.1, arch/x86/kvm/svm/sev.c.
    void readsTheCallBesideItsNumber()
    {
        static constexpr Row rows[] = {
            {"QEMU 9.1, Linux 6.11; AMDESE/AMDSEV issue 240",
             "qemu-system-x86_64: sev_snp_launch_start: SNP_LAUNCH_START ret=-22 fw_error=0 ''\n"
             "qemu-system-x86_64: sev_common_kvm_init: failed to create encryption context\n"
             "qemu-system-x86_64: failed to initialize kvm: Operation not permitted",
             "guest policy", "sev-snp.policy"},
            {"AMDESE/AMDSEV issue 216",
             "qemu-system-x86_64: sev_snp_launch_start: SNP_LAUNCH_START ret=-25 fw_error=0 ''\n"
             "qemu-system-x86_64: sev_kvm_init: failed to create encryption context",
             "no context", "both upstream"},
            {"older AMD tree; kata-containers issue 9672",
             "qemu-system-x86_64: sev_kvm_init: failed to initialize ret=-22 fw_error=0 ''\n"
             "qemu-system-x86_64: failed to initialize kvm: Operation not permitted",
             "set up with", "sev-snp.debug_swap=false"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: sev_common_kvm_init: failed to initialize ret=-16 fw_error=0 ''",
             "All ASIDs", "Minimum SEV non-ES ASID"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: sev_common_kvm_init: failed to initialize ret=-25 fw_error=0 ''",
             "no ASIDs", "sev_snp=1"},
            {"AMDESE/AMDSEV issue 166", "sev_snp_launch_update: SNP_LAUNCH_UPDATE ret=-22 fw_error=0 ''",
             "guest_memfd", "belong together"},
            {"kata-containers issue 9092",
             "qemu-system-x86_64-snp-experimental: sev_snp_launch_update: SNP_LAUNCH_UPDATE ret=-22 "
             "fw_error=0 ''\n"
             "qemu-system-x86_64-snp-experimental: failed to encrypt pflash rom",
             "guest_memfd", "belong together"},
            {"QEMU 10.2, coconut-svsm/svsm pull request 1029",
             "qemu-system-x86_64: SNP_LAUNCH_UPDATE ret=-5 fw_error=0 ''", "could not fill a page", "twice"},
            {"QEMU 10.2, target/i386/sev.c", "qemu-system-x86_64: SNP_LAUNCH_FINISH ret=-22 fw_error=0 ''",
             "how the launch is ended", "belong together"},
            {"QEMU 10.2, target/i386/sev.c", "qemu-system-x86_64: SNP_LAUNCH_START ret=-12 fw_error=0 ''",
             "enough memory", "less memory"},
        };
        expectRows(rows);
    }

    void explainsErrorsOfTheFirmware()
    {
        static constexpr Row rows[] = {
            {"QEMU 10.2; AMDESE/AMDSEV issue 195",
             "qemu-system-x86_64: SNP_LAUNCH_FINISH ret=-5 fw_error=11 'Bad measurement'",
             "not the one the ID block is for", "sev-snp.vmsa_profile"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: SNP_LAUNCH_FINISH ret=-5 fw_error=10 'Bad signature'",
             "signature of the ID block", "sev-snp.id_auth"},
            {"kata-containers issue 5795",
             "qemu-system-x86_64: sev_snp_launch_start: SNP_LAUNCH_START ret=-5 fw_error=7 'Policy is not "
             "allowed'\n"
             "qemu-system-x86_64: sev_kvm_init: failed to create encryption context",
             "guest policy", "SMT"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: SNP_LAUNCH_START ret=-5 fw_error=12 'ASID is already owned'", "ASID",
             "try again"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: SNP_LAUNCH_UPDATE ret=-5 fw_error=22 'Invalid parameter'", "parameter",
             "qemu.cpu"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: SNP_LAUNCH_START ret=-5 fw_error=23 'Required firmware resource depleted'",
             "run out of a resource", "restart the host"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: SNP_LAUNCH_START ret=-5 fw_error=32 'unknown error'", "reverse map table",
             "coverage"},
            {"QEMU 7.2, target/i386/sev.c",
             "qemu-system-x86_64: sev_common_kvm_init: failed to get platform status ret=-5 fw_error='1: "
             "Platform "
             "state is invalid'",
             "not in the state", "dmesg"},
            {"QEMU 10.2, target/i386/sev.c",
             "qemu-system-x86_64: SNP_LAUNCH_START ret=-5 fw_error=99 'unknown error'", "error 99", "56860"},
            {"Linux 7.1, drivers/crypto/ccp/sev-dev.c",
             "ccp 0000:42:00.1: SEV-SNP: SNP_INIT_EX failed rc -5, error 0x3", "configuration invalid",
             "UEFI"},
            {"Linux 6.12; AMDESE/AMDSEV issue 189",
             "[   11.702131] ccp 0000:42:00.1: SEV-SNP: failed to INIT rc -5, error 0x3\n"
             "[   11.717361] ccp 0000:42:00.1: SEV: failed to INIT error 0x1, rc -5",
             "configuration invalid", "coverage"},
            {"AMDESE/sev-tool issue 65", "[   25.429516] ccp 0000:45:00.1: SEV: failed to INIT error 0x13",
             "hardware reports", "Restart"},
            {"Linux 7.1, arch/x86/kvm/svm/sev.c",
             "kvm_amd: Failed to create SEV-SNP context, rc -5 fw_error 35", "shut down first",
             "restart the host"},
        };
        expectRows(rows);
    }

    void explainsTheKernelsWords()
    {
        static constexpr Row rows[] = {
            {"Linux 7.1, arch/x86/virt/svm/sev.c; AMDESE/AMDSEV issue 68",
             "[    0.642786] SEV-SNP: Memory for the RMP table has not been reserved by BIOS",
             "no memory aside", "coverage"},
            {"Linux 7.1, arch/x86/virt/svm/sev.c",
             "SEV-SNP: Memory reserved for the RMP table does not cover full system RAM (expected 0x1 got "
             "0x0)",
             "only a part", "coverage"},
            {"Linux 7.1, drivers/crypto/ccp/sev-dev.c",
             "ccp 0000:42:00.1: SEV: memory encryption not enabled by BIOS", "Memory encryption is off",
             "SMEE"},
            {"Linux 7.1, drivers/iommu/amd/init.c",
             "AMD-Vi: SNP: IOMMU disabled or configured in passthrough mode, SNP cannot be supported.",
             "IOMMU", "iommu=pt"},
            {"Linux 6.12, arch/x86/kvm/svm/sev.c", "kvm_amd: SEV-SNP disabled (ASIDs 0 - 0)", "switched off",
             "sev_snp=1"},
            {"Linux 7.1, arch/x86/kvm/svm/sev.c",
             "SEV: 16384 total pages would exceed the lock limit of 2048.", "lock its memory",
             "LimitMEMLOCK"},
            {"Linux 7.1, arch/x86/kvm/svm/sev.c; arch/x86/include/asm/sev-common.h",
             "kvm_amd: SEV-ES guest requested termination: 0x0:0x2", "does not know an SEV feature",
             "sev-snp.secure_tsc=false"},
            {"Linux 7.1, arch/x86/kvm/svm/sev.c", "kvm_amd: SEV-ES guest requested termination: 0x1:0x6",
             "early error", "console"},
            {"QEMU 10.2, target/i386/kvm/kvm.c", "KVM: unknown exit reason 24", "early error",
             "requested termination"},
        };
        expectRows(rows);
    }

    void readsWordsInAnyCase()
    {
        for (const char* text :
             {"VM-Type sev-snp NOT SUPPORTED by kvm", "vm-type SEV-SNP not supported by KVM\r"}) {
            const auto findings = diagnose(text);
            CPPUNIT_ASSERT_MESSAGE(text, !findings.empty());
            CPPUNIT_ASSERT_MESSAGE(text, findings.front().quote.find('\r') == std::string::npos);
        }
    }

    void putsTheCpuModelFirst()
    {
        const auto findings = diagnose(
            "qemu-system-x86_64: SNP_LAUNCH_UPDATE ret=-5 fw_error=22 'Invalid parameter'\n"
            "qemu-system-x86_64: SEV-SNP: CPUID validation failed for function 0x8000001e, index: 0x0.\n"
            "provided: eax:0x00000000, ebx: 0x00000100, ecx: 0x00000b00, edx: 0x00000000\n"
            "expected: eax:0x00000000, ebx: 0x00000100, ecx: 0x00000300, edx: 0x00000000\n"
            "qemu-system-x86_64: SEV-SNP: failed update CPUID page\n");
        CPPUNIT_ASSERT(findings.size() >= 2);
        CPPUNIT_ASSERT(findings[0].cause.find("CPU model") != std::string::npos);
        CPPUNIT_ASSERT(findings[0].quote.find("0x8000001e") != std::string::npos);
    }

    void readsQmpErrorsToo()
    {
        const auto findings = diagnose("", "SEV-SNP does not support SMM.");
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), findings.size());
    }

    void saysNothingOfOtherWords()
    {
        for (const char* words :
             {"", "\n\n", "all is well\n", "fw_error=", "fw_error=x", "fw_error=0", "ret=-16",
              "could not open kernel file", "fw_error=99999999999999999999",
              "vm-type TDX not supported by KVM", "SNP_LAUNCH_START ret=-22",
              "SNP_LAUNCH_START ret=-22x fw_error", "usb 1-1: device failed error 0x3",
              // A host where all is well: AMDESE/AMDSEV issue 253.
              "ccp 0000:05:00.5: sev enabled\nccp 0000:05:00.5: SEV-SNP API:1.55 build:24\n"
              "kvm_amd: SEV enabled (ASIDs 253 - 1006)\nkvm_amd: SEV-ES enabled (ASIDs 1 - 252)\n"
              "kvm_amd: SEV-SNP enabled (ASIDs 1 - 252)\n"
              "SEV-SNP: RMP table physical range [0x0000007fcd100000 - 0x000000804d6fffff]\n"})
            CPPUNIT_ASSERT_MESSAGE(words, diagnose(words).empty());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DiagnoseTest);

} // namespace teehost::sev_snp::test
