// SPDX-License-Identifier: Apache-2.0
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "support.h"

namespace teehost::sev_snp::test {

class CapacityTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CapacityTest);
    CPPUNIT_TEST(countsTheAsidsThatSnpMayUse);
    CPPUNIT_TEST(countsNothingWithoutSnp);
    CPPUNIT_TEST_SUITE_END();

    void countsTheAsidsThatSnpMayUse()
    {
        struct Row {
            std::uint32_t guests, lowestWithoutEs, expected;
        };
        static constexpr Row rows[] = {
            {509, 100, 99}, {509, 1, 0},        {509, 0, 0}, {509, 510, 509},
            {15, 100, 15},  {1006, 1007, 1006}, {0, 5, 0},
        };
        for (const Row& row : rows) {
            HostFacts host;
            host.cpuid = [&row](std::uint32_t) {
                return std::optional(CpuidLeaf{0x10, 51, row.guests, row.lowestWithoutEs});
            };
            CPPUNIT_ASSERT_EQUAL(row.expected, host.snpAsids().value());
        }
    }

    void countsNothingWithoutSnp()
    {
        CPPUNIT_ASSERT(!otherHost().snpAsids());
        HostFacts sevOnly;
        sevOnly.cpuid = [](std::uint32_t) { return std::optional(CpuidLeaf{0x0f, 47, 509, 100}); };
        CPPUNIT_ASSERT(!sevOnly.snpAsids() && sevOnly.cbitPosition() == 47);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(CapacityTest);

} // namespace teehost::sev_snp::test
