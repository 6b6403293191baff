// SPDX-License-Identifier: Apache-2.0
//
// The whole way from a VM to QEMU's arguments: the host's facts, the plugin's fragment, the host's plan.
#include <algorithm>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/launch/launch_plan.h"
#include "support.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::sev_snp::test {

class CommandLineTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CommandLineTest);
    CPPUNIT_TEST(launchesOvmf);
    CPPUNIT_TEST(launchesAnIgvmFile);
    CPPUNIT_TEST(keepsCommasInPaths);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { host_ = milanHost(scratch_); }

private:
    using Argv = std::vector<std::string>;

    Argv argv(const std::string& firmware, const Options& options) const
    {
        const auto settings = launch::hostSettings(
            hostDir_, {"ovmf.code.file=" + firmware, "ovmf.vars.file=" + firmware, "qemu.cpu=EPYC-Milan"});
        launch::VmSpec spec;
        spec.accel = "kvm";
        spec.vcpus = 2;
        spec.maxVcpus = 4;
        spec.memoryBytes = 1024ull << 20;
        spec.kernel = settings.text("qemu.kernel.file");
        spec.initrd = settings.text("qemu.kernel.initrd");
        spec.cmdline = "quiet a,b";
        const launch::PlanContext context{
            settings, {{4}}, "/usr/bin/qemu-system-x86_64", "10.1.0", "0123456789abcdef", 6100, true};
        const launch::VmPaths paths({"/state", "/run/teehost", "/log"}, spec.id);
        const auto facts = launch::vmFacts(spec, paths, context);
        return launch::makePlan(spec, paths, context, {compose(configured(options), host_, facts)}).argv;
    }

    static std::string after(const Argv& argv, const std::string& option)
    {
        const auto it = std::find(argv.begin(), argv.end(), option);
        return it == argv.end() || it + 1 == argv.end() ? std::string() : *(it + 1);
    }
    static bool has(const Argv& argv, const std::string& argument)
    {
        return std::find(argv.begin(), argv.end(), argument) != argv.end();
    }

    /// What every SEV-SNP VM must have, and what none may.
    static void expectSound(const Argv& argv)
    {
        CPPUNIT_ASSERT_EQUAL(std::string("kvm"), after(argv, "-accel"));
        CPPUNIT_ASSERT(has(argv, "-no-reboot") && has(argv, "-nodefaults"));
        CPPUNIT_ASSERT(has(argv, "memory-backend-memfd,id=ram1,size=1073741824,share=on,prealloc=off"));
        for (const auto& argument : argv) {
            CPPUNIT_ASSERT_MESSAGE(argument, argument.find("pflash") == std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(argument, argument.find("prealloc=on") == std::string::npos);
            if (argument.starts_with("virtio-")) // bounce buffers in shared memory
                CPPUNIT_ASSERT_MESSAGE(argument,
                                       argument.find("disable-legacy=on") != std::string::npos &&
                                           argument.find("iommu_platform=true") != std::string::npos);
            if (argument.starts_with("virtio-net-pci")) // no option ROM from memory that is not measured
                CPPUNIT_ASSERT_MESSAGE(argument, argument.ends_with(",romfile="));
        }
    }

    void launchesOvmf()
    {
        const std::string ovmf = scratch_.write("OVMF.fd", OvmfBuilder().build());
        const Argv args = argv(ovmf, {{"igvm_file", ""}});
        expectSound(args);
        CPPUNIT_ASSERT_EQUAL(
            std::string("q35,memory-backend=ram1,confidential-guest-support=sev0,vmport=off"),
            after(args, "-machine"));
        CPPUNIT_ASSERT_EQUAL(ovmf, after(args, "-bios"));
        CPPUNIT_ASSERT_EQUAL(std::string("EPYC-Milan"), after(args, "-cpu"));
        CPPUNIT_ASSERT_EQUAL(std::string("quiet a,b"), after(args, "-append"));
        CPPUNIT_ASSERT(has(args, "sev-snp-guest,id=sev0,cbitpos=51,reduced-phys-bits=1,policy=0x30000,"
                                 "kernel-hashes=on"));
    }

    void launchesAnIgvmFile()
    {
        const std::string igvm = scratch_.write("svsm.igvm", IgvmBuilder().build());
        const Argv args = argv("none", {{"igvm_file", igvm}});
        expectSound(args);
        CPPUNIT_ASSERT_EQUAL(std::string("q35,memory-backend=ram1,confidential-guest-support=sev0,"
                                         "vmport=off,igvm-cfg=igvm0"),
                             after(args, "-machine"));
        CPPUNIT_ASSERT(has(args, "igvm-cfg,id=igvm0,file=" + igvm));
        CPPUNIT_ASSERT(has(args, "sev-snp-guest,id=sev0,cbitpos=51,reduced-phys-bits=1"));
        CPPUNIT_ASSERT(!has(args, "-bios") && has(args, "-kernel"));
    }

    void keepsCommasInPaths()
    {
        const std::string igvm = scratch_.write("a,policy=0.igvm", IgvmBuilder().build());
        const Argv args = argv("none", {{"igvm_file", igvm}});
        CPPUNIT_ASSERT(has(args, "igvm-cfg,id=igvm0,file=" + (scratch_ / "a,,policy=0.igvm")));
    }

    Scratch scratch_;
    launch::ScratchDir hostDir_;
    HostFacts host_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(CommandLineTest);

} // namespace teehost::sev_snp::test
