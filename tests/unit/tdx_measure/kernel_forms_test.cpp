// SPDX-License-Identifier: Apache-2.0
//
// What each QEMU makes of a kernel.
#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/kernel_header.h>
#include <teehost/kit/pe_authenticode.h>

#include "boot_factory/boot_files.h"
#include "refusal.h"
#include "tdx/measure/kernel_forms.h"
#include "tdx_measure/support.h"

namespace teehost::tdx::test {
namespace {

using boot_factory::KernelBuilder;
using teehost::test::expectRefusal;

class KernelFormsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(KernelFormsTest);
    CPPUNIT_TEST(switchesWithTheVersion);
    CPPUNIT_TEST(fillsInWhatTheMachineDecides);
    CPPUNIT_TEST(takesAnImageThatIsNoBzImage);
    CPPUNIT_TEST_SUITE_END();

    static std::string hashOf(const kit::Bytes& image)
    {
        constexpr kit::HashAlgorithm kSha384[] = {kit::HashAlgorithm::Sha2_384};
        return kit::toHex(kit::authenticode(image, kSha384).front().view());
    }

    KernelInputs inputs(const kit::Bytes& kernel, const std::string& version) const
    {
        return {folder_.write("kernel", kernel), "quiet", 5000, 1u << 30, version};
    }

    void switchesWithTheVersion()
    {
        const kit::Bytes kernel = KernelBuilder().build();
        kit::Bytes patched = kernel;
        kit::patchKernelHeader(patched, 1u << 30, 5000);
        using Digests = std::vector<std::string>;
        const auto digests = [&](const char* version) {
            Digests out;
            for (const KernelForm& form : kernelForms(inputs(kernel, version)))
                out.push_back(kit::toHex(form.digest));
            return out;
        };
        const Digests plain{hashOf(kernel)}, filled{hashOf(patched)}, both{plain[0], filled[0]};
        for (const char* version : {"10.2.0", "10.3", "11.0.1"})
            CPPUNIT_ASSERT_MESSAGE(version, digests(version) == plain);
        for (const char* version : {"8.2.2", "7.2.22", "9.2.4"})
            CPPUNIT_ASSERT_MESSAGE(version, digests(version) == filled);
        for (const char* version : {"10.0.2", "10.1.0", "10.1.5", "", "unknown"})
            CPPUNIT_ASSERT_MESSAGE(version, digests(version) == both);
        CPPUNIT_ASSERT(kernelForms(inputs(kernel, "10.2.0")).front().when.empty());
        CPPUNIT_ASSERT(!kernelForms(inputs(kernel, "10.1.0")).front().when.empty());
    }

    void fillsInWhatTheMachineDecides()
    {
        KernelInputs in = inputs(KernelBuilder().build(), "8.2.2");
        const auto before = kernelForms(in).front().digest;
        in.memoryBytes = 2u << 30;
        const auto more = kernelForms(in).front().digest;
        CPPUNIT_ASSERT(before != more);
        in.memoryBytes = std::uint64_t{16} << 30; // 2 GiB of it below 4 GiB
        CPPUNIT_ASSERT(kernelForms(in).front().digest == more);
        in.cmdline = "vga=ask";
        CPPUNIT_ASSERT(kernelForms(in).front().digest != more);
    }

    void takesAnImageThatIsNoBzImage()
    {
        kit::Bytes image = KernelBuilder().build();
        image[0x202] = 0;
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, kernelForms(inputs(image, "10.1.0")).size());
        expectRefusal("bad_kernel", [&] { static_cast<void>(kernelForms(inputs(image, "8.2.2"))); });
        image[0x40] = 0;
        expectRefusal("bad_pe", [&] { static_cast<void>(kernelForms(inputs(image, "10.2.0"))); });
    }

    Folder folder_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(KernelFormsTest);

} // namespace
} // namespace teehost::tdx::test
