// SPDX-License-Identifier: Apache-2.0
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "support.h"

namespace teehost::tdx::test {

class DiagnoseTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DiagnoseTest);
    CPPUNIT_TEST(explainsWhatQemuSays);
    CPPUNIT_TEST(takesTheSymptomThatFitsTheLine);
    CPPUNIT_TEST(saysNothingOfOtherTroubles);
    CPPUNIT_TEST_SUITE_END();

    void explainsWhatQemuSays()
    {
        struct Row {
            const char* said;
            const char* remedy;
        };
        static constexpr Row kRows[] = {
            {"qemu-system-x86_64: -object {\"qom-type\":\"tdx-guest\",\"id\":\"tdx0\"}: Parameter 'qom-type' "
             "does not accept value 'tdx-guest'",
             "QEMU 10.1"},
            {"qemu-system-x86_64: Named cpu model is not supported for TDX yet!", "qemu.cpu"},
            {"qemu-system-x86_64: TDX VM requires kernel_irqchip to be split", "qemu.machine"},
            {"qemu-system-x86_64: TDX VM doesn't support SMM", "qemu.machine"},
            {"qemu-system-x86_64: TDX requires guest CPU physical bits (40) to match host CPU physical bits "
             "(46)",
             "qemu.cpu"},
            {"qemu-system-x86_64: Invalid attributes 0x50000000 for TDX VM (KVM supported: 0x10000000)",
             "tdx.attributes"},
            {"qemu-system-x86_64: TDX 'mrconfigid' sha384 digest was 32 bytes, expected 48 bytes",
             "tdx.mr_config_id"},
            {"qemu-system-x86_64: vm type tdx not supported by KVM", "kvm_intel"},
            {"qemu-system-x86_64: TDX ioctl KVM_TDX_INIT_VM failed, hw_errors: 0x0: No space left on device",
             "Stop a TD"},
            {"qemu-system-x86_64: pflash with kvm requires KVM readonly memory support", "-bios"},
        };
        for (const Row& row : kRows) {
            const auto found = diagnose(row.said);
            CPPUNIT_ASSERT_MESSAGE(row.said, !found.empty());
            CPPUNIT_ASSERT_MESSAGE(found.front().remedy,
                                   found.front().remedy.find(row.remedy) != std::string::npos);
            CPPUNIT_ASSERT_EQUAL(std::string(row.said), found.front().quote);
            CPPUNIT_ASSERT_EQUAL(found.front().cause, diagnose("", row.said).front().cause);
        }
    }

    void takesTheSymptomThatFitsTheLine()
    {
        const auto found = diagnose("qemu: No space left on device\n"
                                    "qemu: TDX ioctl KVM_TDX_INIT_VM failed: Invalid argument\n");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, found.size());
        CPPUNIT_ASSERT(found.front().cause.find("parameters") != std::string::npos);
    }

    void saysNothingOfOtherTroubles()
    {
        CPPUNIT_ASSERT(
            diagnose("qemu-system-x86_64: -netdev user: could not set up host forwarding").empty());
        CPPUNIT_ASSERT(diagnose("").empty());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DiagnoseTest);

} // namespace teehost::tdx::test
