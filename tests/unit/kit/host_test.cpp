// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/host.h>

namespace teehost::kit {

class HostTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(HostTest);
    CPPUNIT_TEST(findsAFlagOfTheFirstCpuAsAWholeWord);
    CPPUNIT_TEST(readsTheNumberOfALine);
    CPPUNIT_TEST(tellsWhatIsWrongWithADevice);
    CPPUNIT_TEST(saysWhyThereIsNoKvm);
    CPPUNIT_TEST_SUITE_END();

    void findsAFlagOfTheFirstCpuAsAWholeWord()
    {
        const std::string_view text = "processor\t: 0\nflags\t\t: fpu tdx_host_platform vme\n\n"
                                      "processor\t: 1\nflags\t\t: fpu sev_snp\n";
        CPPUNIT_ASSERT(hasCpuFlag(text, "tdx_host_platform"));
        CPPUNIT_ASSERT(hasCpuFlag(text, "vme"));
        CPPUNIT_ASSERT(!hasCpuFlag(text, "tdx"));
        CPPUNIT_ASSERT(!hasCpuFlag(text, "sev_snp"));
        CPPUNIT_ASSERT(!hasCpuFlag("", "fpu"));
    }

    void readsTheNumberOfALine()
    {
        struct Row {
            std::string_view text;
            std::optional<std::uint64_t> number;
        };
        static constexpr Row kRows[] = {
            {"sev 405\nsev_es 99\ntdx 62\n", 62}, {"tdx max\n", std::numeric_limits<std::uint64_t>::max()},
            {"tdx_old 5\n", std::nullopt},        {"tdx\n", std::nullopt},
            {"tdx 5x\n", std::nullopt},           {"", std::nullopt}};
        for (const Row& row : kRows)
            CPPUNIT_ASSERT_MESSAGE(std::string(row.text), row.number == numberInLine(row.text, "tdx"));
    }

    void tellsWhatIsWrongWithADevice()
    {
        CPPUNIT_ASSERT(!deviceTrouble("/dev/null"));
        const auto missing = deviceTrouble("/dev/no-such-device");
        CPPUNIT_ASSERT(missing && missing->fault == DeviceFault::Missing);
        const auto file = deviceTrouble("/proc/self/exe");
        CPPUNIT_ASSERT(file && file->fault == DeviceFault::NotADevice);
        CPPUNIT_ASSERT(file->message.find("/proc/self/exe") != std::string::npos);
    }

    void saysWhyThereIsNoKvm()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("cannot open /dev/no-kvm: No such file or directory"),
                             kvmVmTypes("/dev/no-kvm").why);
        const auto null = kvmVmTypes("/dev/null");
        CPPUNIT_ASSERT(!null.value && null.why.find("does not answer as KVM does") != std::string::npos);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(HostTest);

} // namespace teehost::kit
