// SPDX-License-Identifier: Apache-2.0
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "support.h"

namespace teehost::sev_snp::test {

class DiagnoseTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DiagnoseTest);
    CPPUNIT_TEST(explainsQemusWords);
    CPPUNIT_TEST(explainsErrorsOfTheFirmware);
    CPPUNIT_TEST(putsTheCpuModelFirst);
    CPPUNIT_TEST(readsQmpErrorsToo);
    CPPUNIT_TEST(saysNothingOfOtherWords);
    CPPUNIT_TEST_SUITE_END();

    static void expectCause(const std::string& words, const std::string& cause)
    {
        const auto findings = diagnose("some line before\n" + words + "\nsome line behind\n");
        CPPUNIT_ASSERT_MESSAGE(words, !findings.empty());
        const auto& best = findings.front();
        CPPUNIT_ASSERT_MESSAGE(words + " -> " + best.cause, best.cause.find(cause) != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(words, !best.remedy.empty());
        CPPUNIT_ASSERT_EQUAL(words, best.quote);
    }

    void explainsQemusWords()
    {
        struct Row {
            const char* words; ///< as QEMU prints them
            const char* cause;
        };
        static constexpr Row rows[] = {
            {"qemu-system-x86_64: -object sev-snp-guest,id=sev0: Parameter 'qom-type' does not accept value "
             "'sev-snp-guest'",
             "older than 9.1"},
            {"qemu-system-x86_64: -object igvm-cfg,id=igvm0: Parameter 'qom-type' does not accept value "
             "'igvm-cfg'",
             "does not boot IGVM files"},
            {"qemu-system-x86_64: Property 'pc-q35-10.0-machine.igvm-cfg' not found",
             "does not boot IGVM files"},
            {"qemu-system-x86_64: -object sev-snp-guest,id=sev0,secure-tsc=on: Invalid parameter "
             "'secure-tsc'",
             "no secure TSC"},
            {"qemu-system-x86_64: -object sev-snp-guest,id=sev0,debug-swap=on: Invalid parameter "
             "'debug-swap'",
             "debug swap"},
            {"qemu-system-x86_64: SEV-SNP does not support SMM.", "system management mode"},
            {"qemu-system-x86_64: sev_common_kvm_init: SEV-ES guests require in-kernel irqchipsupport",
             "interrupt controller"},
            {"qemu-system-x86_64: pflash with kvm requires KVM readonly memory support", "given as flash"},
            {"qemu-system-x86_64: sev_common_kvm_init: cbitpos check failed, host '51' requested '47'",
             "not the position the CPU has"},
            {"qemu-system-x86_64: sev_common_kvm_init: reduced_phys_bits check failed, it should be in the "
             "range of 1 to 63, requested '0'",
             "not from 1 to 63"},
            {"qemu-system-x86_64: sev_common_kvm_init: Failed to open /dev/sev 'No such file or directory'",
             "no SEV device"},
            {"qemu-system-x86_64: sev_common_kvm_init: Failed to open /dev/sev 'Permission denied'",
             "may not open /dev/sev"},
            {"qemu-system-x86_64: Failed to locate SEV metadata header", "no SEV metadata"},
            {"qemu-system-x86_64: SEV: kernel specified but guest firmware has no hashes table GUID",
             "takes no kernel hashes"},
            {"qemu-system-x86_64: SEV: guest firmware hashes table area is invalid (base=0x0 size=0x0)",
             "area for kernel hashes"},
            {"qemu: could not load PC BIOS '/x/OVMF.fd'", "odd size"},
            {"qemu-system-x86_64: SEV-SNP: CPUID validation failed for function 0x80000007, index: 0x0.",
             "CPU model"},
            {"qemu-system-x86_64: sev_common_kvm_init: failed to initialize ret=-16 fw_error=0 ''",
             "All ASIDs"},
            {"qemu-system-x86_64: sev_common_kvm_init: failed to initialize ret=-22 fw_error=0 ''",
             "KVM does not take the VM"},
        };
        for (const Row& row : rows)
            expectCause(row.words, row.cause);
    }

    void explainsErrorsOfTheFirmware()
    {
        struct Row {
            const char* words;
            const char* cause;
        };
        static constexpr Row rows[] = {
            {"qemu-system-x86_64: SNP_LAUNCH_FINISH ret=-5 fw_error=11 'Bad measurement'",
             "not the one the ID block is for"},
            {"qemu-system-x86_64: SNP_LAUNCH_FINISH ret=-5 fw_error=10 'Bad signature'",
             "signature of the ID block"},
            {"qemu-system-x86_64: sev_snp_launch_start: SNP_LAUNCH_START ret=-5 fw_error=7 'Policy is not "
             "allowed'",
             "guest policy"},
            {"qemu-system-x86_64: SNP_LAUNCH_START ret=-5 fw_error=12 'ASID is already owned'", "ASID"},
            {"qemu-system-x86_64: SNP_LAUNCH_UPDATE ret=-5 fw_error=22 'Invalid parameter'", "parameter"},
            {"qemu-system-x86_64: SNP_LAUNCH_START ret=-5 fw_error=23 'Required firmware resource depleted'",
             "run out of a resource"},
            {"qemu-system-x86_64: SNP_LAUNCH_START ret=-5 fw_error=32 'unknown error'", "reverse map table"},
            {"qemu-system-x86_64: sev_common_kvm_init: failed to get platform status ret=-5 fw_error='1: "
             "Platform state is invalid'",
             "not in the state"},
            {"qemu-system-x86_64: SNP_LAUNCH_START ret=-5 fw_error=99 'unknown error'", "error 99"},
        };
        for (const Row& row : rows)
            expectCause(row.words, row.cause);
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
        for (const char* words : {"", "\n\n", "all is well\n", "fw_error=", "fw_error=x", "fw_error=0",
                                  "ret=-16", "could not open kernel file", "fw_error=99999999999999999999"})
            CPPUNIT_ASSERT_MESSAGE(words, diagnose(words).empty());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DiagnoseTest);

} // namespace teehost::sev_snp::test
