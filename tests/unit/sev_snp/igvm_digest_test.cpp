// SPDX-License-Identifier: Apache-2.0
//
// Measures IGVM files of which QEMU and KVM measure something else than what stands in the file in its order.
#include <cppunit/extensions/HelperMacros.h>

#include "launch/igvm_digest.h"
#include "launch/vmsa.h"
#include "refusal.h"
#include "snp_factory/images.h"

namespace teehost::sev_snp::test {
namespace {

using snp_factory::IgvmBuilder;
using teehost::test::expectRefusal;
using VpContext = IgvmBuilder::VpContext;

constexpr std::uint32_t kShared = 1u << 2, kUnmeasured = 1u << 1; // flags of PAGE_DATA (igvm_defs)

LaunchDigest digestOf(const IgvmBuilder& builder, const IgvmRules& rules = {})
{
    const kit::Bytes file = builder.build();
    return measureIgvm(IgvmFile::parse(file), rules).launch.digest;
}

/// Page by page, as the firmware is given them.
LaunchDigest expected(const IgvmBuilder& builder)
{
    PageChain chain;
    chain.addUncounted(PageType::Secrets, 0x1000);
    chain.addUncounted(PageType::Cpuid, 0x2000);
    for (std::size_t i = 0; i < builder.pages; ++i)
        chain.add(PageType::Normal, 0x100000 + i * kPageSize,
                  kit::Bytes(kPageSize, static_cast<std::uint8_t>(builder.fill + i)));
    Page vmsa = vmsaPage({});
    vmsa[kVmsaCr0] = static_cast<std::uint8_t>(builder.cr0);
    vmsa[kVmsaSevFeatures] = 1;
    chain.add(PageType::Vmsa, kVmsaGpa, vmsa);
    return chain.digest();
}

class IgvmDigestTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(IgvmDigestTest);
    CPPUNIT_TEST(measuresPagesThatAreFlaggedShared);
    CPPUNIT_TEST(measuresTheVmsaLastWhereverItStands);
    CPPUNIT_TEST(takesTheStateAfterAReset);
    CPPUNIT_TEST_SUITE_END();

    void measuresPagesThatAreFlaggedShared()
    {
        CPPUNIT_ASSERT(digestOf({}) == expected({}));
        CPPUNIT_ASSERT(digestOf({.pageFlags = kShared}) == expected({}));
        CPPUNIT_ASSERT(digestOf({.pageFlags = kUnmeasured}) != expected({}));
    }

    void measuresTheVmsaLastWhereverItStands()
    {
        const IgvmBuilder first{.vpContext = VpContext::First};
        CPPUNIT_ASSERT(digestOf(first) == expected({}));
        CPPUNIT_ASSERT(digestOf(first, {.checkKvm = false}) != expected({})); // in file order
        const kit::Bytes file = first.build();
        CPPUNIT_ASSERT_EQUAL(
            std::string("vmsa"),
            std::string(measureIgvm(IgvmFile::parse(file), {}).launch.provenance.back().what));
        expectRefusal("kvm_vmsa_order",
                      [] { static_cast<void>(digestOf({.vpContext = VpContext::BeforeLastPage})); });
    }

    void takesTheStateAfterAReset()
    {
        const IgvmBuilder reset{.cr0 = 0x10};
        CPPUNIT_ASSERT(digestOf(reset) == expected(reset));
        expectRefusal("kvm_vmsa_cr0", [] { static_cast<void>(digestOf({.cr0 = 0x11})); });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(IgvmDigestTest);

} // namespace
} // namespace teehost::sev_snp::test
