// SPDX-License-Identifier: Apache-2.0
//
// What is predicted is what a TPM holds: machines are booted with real firmware and a real kernel, and each
// input is changed by itself.
#include <atomic>
#include <future>
#include <set>

#include <cppunit/extensions/HelperMacros.h>

#include "vtpm/guest_prediction.h"

namespace teehost::test {
namespace {

using namespace vtpm;

/// Boots it; all that was predicted must have come out.
ReportedPcrs bootAsPredicted(const MeasuredBoot& boot, const std::string& what)
{
    const MeasuredGuest guest(boot);
    const PcrPrediction prediction = predict(guest);
    const ReportedPcrs actual = guest.run();
    // IMA in the larger banks is the only thing left open.
    for (const auto& [pcr, reason] : prediction.unpredictable)
        CPPUNIT_ASSERT_EQUAL_MESSAGE(what + ": " + reason, 10u, pcr);
    for (const BankPrediction& bank : prediction.banks) {
        const std::string name(kit::nameOf(bank.bank));
        for (std::uint32_t pcr = 0; pcr <= 16; ++pcr) {
            const auto& value = bank.values[pcr];
            if (pcr != 10 || value)
                CPPUNIT_ASSERT_EQUAL_MESSAGE(what + ": PCR " + std::to_string(pcr) + " in " + name,
                                             kit::toHex(value.value().view()), actual.at({name, pcr}));
        }
    }
    return actual;
}

struct NamedBoot {
    std::string what;
    MeasuredBoot boot;
};

/// Two at a time: a guest with one vCPU leaves half of a small machine idle.
std::vector<ReportedPcrs> bootAllAsPredicted(const std::vector<NamedBoot>& boots)
{
    std::vector<ReportedPcrs> out(boots.size());
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t i = next++; i < boots.size(); i = next++)
            out[i] = bootAsPredicted(boots[i].boot, boots[i].what);
    };
    auto other = std::async(std::launch::async, work);
    work();
    other.get();
    return out;
}

/// The PCRs that two boots do not share, without IMA's, which contains the others.
std::set<unsigned> differing(const ReportedPcrs& a, const ReportedPcrs& b)
{
    std::set<unsigned> out;
    for (const auto& [key, value] : a)
        if (key.second != 10 && b.at(key) != value)
            out.insert(key.second);
    return out;
}

MeasuredBoot baseBoot()
{
    return {.kernel = referenceKernel(), .initrd = printingInitrd("a"), .cmdline = quickCmdline()};
}

/// In the text that `file` shows as the kernel's version: nothing depends on it.
std::string withOtherByte(std::string kernel)
{
    const std::size_t at = 0x200u + static_cast<unsigned char>(kernel[0x20E]) +
                           256u * static_cast<unsigned char>(kernel[0x20F]); // boot.rst, kernel_version
    kernel.at(at) = static_cast<char>(kernel.at(at) + 1);
    return kernel;
}

class VtpmPredictionTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(VtpmPredictionTest);
    CPPUNIT_TEST(predictsMachinesOfManyShapes);
    CPPUNIT_TEST(eachInputChangesItsPcrsAndNoOther);
    CPPUNIT_TEST(tellsThatSecureBootLeavesTheKernelUnmeasured);
    CPPUNIT_TEST_SUITE_END();

    void predictsMachinesOfManyShapes()
    {
        MeasuredBoot pc = baseBoot();
        pc.machine = "pc";
        pc.vcpus = 2;
        pc.maxVcpus = 4;
        pc.memoryMiB = 2500;

        MeasuredBoot beyond = baseBoot();
        beyond.memoryMiB = 3000; // part of it above 4 GiB
        beyond.vcpus = beyond.maxVcpus = 2;

        MeasuredBoot intel = baseBoot();
        intel.cpu = "Skylake-Client";
        intel.maxVcpus = 64;

        MeasuredBoot wide = baseBoot();
        wide.cpu = "EPYC,phys-bits=46";
        wide.memoryMiB = 640;

        MeasuredBoot roomy = baseBoot(); // moves the window by 32 GiB
        roomy.memoryRoom = ",slots=5,maxmem=30G";
        MeasuredBoot roomyPc = roomy;
        roomyPc.machine = "pc";
        roomyPc.cpu = "Skylake-Client"; // which does without its address bits
        roomyPc.memoryMiB = 4000;
        bootAllAsPredicted({{"pc", pc},
                            {"memory above 4 GiB", beyond},
                            {"Intel", intel},
                            {"46 address bits", wide},
                            {"room for more memory", roomy},
                            {"room for more memory above 4 GiB", roomyPc}});
    }

    void eachInputChangesItsPcrsAndNoOther()
    {
        MeasuredBoot kernel = baseBoot(), initrd = baseBoot(), cmdline = baseBoot(), firmware = baseBoot();
        kernel.kernel = withOtherByte(kernel.kernel);
        initrd.initrd = printingInitrd("b");
        cmdline.cmdline += "x";
        firmware.firmware = "OVMF_CODE_4M.secboot.fd";
        const auto pcrs = bootAllAsPredicted({{"base", baseBoot()},
                                              {"a byte of the kernel", kernel},
                                              {"a byte of the initrd", initrd},
                                              {"a character of the command line", cmdline},
                                              {"another build of the firmware", firmware}});
        const std::set<unsigned> expected[] = {{}, {4}, {9}, {9}, {0}};
        for (std::size_t i = 0; i < pcrs.size(); ++i)
            CPPUNIT_ASSERT_MESSAGE(std::to_string(i), differing(pcrs.front(), pcrs[i]) == expected[i]);
    }

    void tellsThatSecureBootLeavesTheKernelUnmeasured()
    {
        MeasuredBoot boot = baseBoot();
        boot.vars = "OVMF_VARS_4M.snakeoil.fd";
        CPPUNIT_ASSERT(predict(MeasuredGuest(boot)).kernelNotMeasured.has_value());
        const ReportedPcrs actual = bootAsPredicted(boot, "keys enrolled");
        const std::string constant = kit::toHex(kernelNotMeasuredPcr4(HashAlgorithm::Sha2_256).view());
        CPPUNIT_ASSERT_EQUAL(constant, actual.at({"sha256", 4}));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(VtpmPredictionTest);

} // namespace
} // namespace teehost::test
