// SPDX-License-Identifier: Apache-2.0
//
// The whole way from a VM to QEMU's arguments, and from those to what the installed QEMU says of the machine.
#include <algorithm>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/launch/fw_cfg.h"
#include "host/launch/launch_plan.h"
#include "support.h"
#include "tdx/acpi_machine.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::tdx::test {
namespace {

using Argv = std::vector<std::string>;

std::string after(const Argv& argv, const std::string& option)
{
    const auto it = std::find(argv.begin(), argv.end(), option);
    return it == argv.end() || it + 1 == argv.end() ? std::string() : *(it + 1);
}

bool has(const Argv& argv, const std::string& argument)
{
    return std::find(argv.begin(), argv.end(), argument) != argv.end();
}

AcpiMachine machineFor(const Argv& argv)
{
    const std::vector<std::string_view> views(argv.begin(), argv.end());
    return acpiMachineOf(views);
}

} // namespace

class CommandLineTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CommandLineTest);
    CPPUNIT_TEST(launchesATd);
    CPPUNIT_TEST(asksQemuForTheSameMachine);
    CPPUNIT_TEST(keepsShapeAndDropsEffects);
    CPPUNIT_TEST(saysWhatCannotBeAsked);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { host_ = goodHost(scratch_); }

private:
    Argv argv(std::uint32_t vcpus = 2, std::uint64_t mebibytes = 1024) const
    {
        const auto settings = launch::hostSettings(hostDir_, {});
        launch::VmSpec spec;
        spec.accel = "kvm";
        spec.vcpus = vcpus;
        spec.maxVcpus = 4;
        spec.memoryBytes = mebibytes << 20;
        spec.kernel = settings.text("qemu.kernel.file");
        spec.initrd = settings.text("qemu.kernel.initrd");
        spec.cmdline = "quiet a,b";
        const launch::PlanContext context{
            settings, {{4}}, "/usr/bin/qemu-system-x86_64", "10.1.0", "0123456789abcdef", 6100, true};
        const launch::VmPaths paths({"/state", "/run/teehost", "/log"}, spec.id);
        const auto facts = launch::vmFacts(spec, paths, context);
        return launch::makePlan(spec, paths, context, {compose(configured({}), host_, facts)}).argv;
    }
    static Argv withoutProgram(Argv argv)
    {
        argv.erase(argv.begin());
        return argv;
    }

    void launchesATd()
    {
        const Argv args = argv();
        CPPUNIT_ASSERT_EQUAL(std::string("kvm"), after(args, "-accel"));
        CPPUNIT_ASSERT_EQUAL(std::string("host"), after(args, "-cpu"));
        CPPUNIT_ASSERT_EQUAL(std::string("q35,memory-backend=ram1,confidential-guest-support=tdx0,"
                                         "kernel-irqchip=split,smm=off,pic=off,hpet=off,vmport=off"),
                             after(args, "-machine"));
        CPPUNIT_ASSERT_EQUAL(std::string(kInstalledTdvf), after(args, "-bios"));
        CPPUNIT_ASSERT_EQUAL(std::string("quiet a,b"), after(args, "-append"));
        CPPUNIT_ASSERT(has(args, "-no-reboot") && has(args, "-nodefaults"));
        CPPUNIT_ASSERT(has(args, "memory-backend-memfd,id=ram1,size=1073741824,share=on,prealloc=off"));
        const auto object = std::find_if(args.begin(), args.end(),
                                         [](const auto& argument) { return argument.starts_with('{'); });
        CPPUNIT_ASSERT(object != args.end());
        CPPUNIT_ASSERT_EQUAL(
            std::string(R"({"id":"tdx0","qom-type":"tdx-guest","quote-generation-socket":)"
                        R"({"cid":"2","port":"4050","type":"vsock"},"sept-ve-disable":true})"),
            *object);
        for (const auto& argument : args) {
            CPPUNIT_ASSERT_MESSAGE(argument, argument.find("pflash") == std::string::npos);
            if (argument.starts_with("virtio-")) // bounce buffers in shared memory
                CPPUNIT_ASSERT_MESSAGE(argument,
                                       argument.find("disable-legacy=on") != std::string::npos &&
                                           argument.find("iommu_platform=true") != std::string::npos);
            if (argument.starts_with("virtio-net-pci")) // no option ROM, which would be measured
                CPPUNIT_ASSERT_MESSAGE(argument, argument.ends_with(",romfile="));
        }
    }

    std::vector<std::uint8_t> tables(const Argv& args)
    {
        const AcpiMachine machine = machineFor(withoutProgram(args));
        CPPUNIT_ASSERT_EQUAL(std::string(), machine.whyNot);
        plugin::FwCfgRequest request;
        request.qemuArgs = machine.args;
        request.names = {"etc/acpi/tables"};
        return machines_.fwCfg(request).at(0).content;
    }

    void asksQemuForTheSameMachine()
    {
        const auto two = tables(argv(2));
        CPPUNIT_ASSERT_EQUAL(std::size_t{131072}, two.size());
        CPPUNIT_ASSERT(two == tables(argv(2)));
        CPPUNIT_ASSERT(two != tables(argv(3)));       // processors
        CPPUNIT_ASSERT(two != tables(argv(2, 8192))); // memory above 4 GiB
    }

    void keepsShapeAndDropsEffects()
    {
        const Argv args{"-machine", "q35,confidential-guest-support=tdx0,hpet=off",
                        "-accel",   "kvm",
                        "-cpu",     "host,-avx10",
                        "-object",  R"({"qom-type":"tdx-guest","id":"tdx0"})",
                        "-object",  "memory-backend-memfd,id=ram1,size=1G",
                        "-netdev",  "user,id=n,hostfwd=tcp:127.0.0.1:6100-:7002",
                        "-device",  "virtio-net-pci,netdev=n",
                        "-fsdev",   "local,id=a,,b,path=/secret",
                        "-drive",   "file=/disk,if=none,id=disk0",
                        "-chardev", "socket,id=qmp0,fd=0,server=on",
                        "-mon",     "chardev=qmp0,mode=control",
                        "-serial",  "chardev:console0",
                        "-kernel",  "/k",
                        "-append",  "secret",
                        "-sandbox", "on",
                        "-name",    "guest=x"};
        const AcpiMachine machine = machineFor(args);
        CPPUNIT_ASSERT_EQUAL(std::string(), machine.whyNot);
        CPPUNIT_ASSERT((machine.args ==
                        Argv{"-machine", "q35,hpet=off", "-cpu", "qemu64", "-object",
                             "memory-backend-memfd,id=ram1,size=1G", "-netdev", "hubport,hubid=0,id=n",
                             "-device", "virtio-net-pci,netdev=n", "-fsdev", "synth,id=a,,b", "-blockdev",
                             "null-co,node-name=disk0", "-chardev", "null,id=qmp0", "-serial", "null"}));
    }

    void saysWhatCannotBeAsked()
    {
        struct Row {
            const char* words;
            Argv args;
        };
        const Row rows[] = {{"vfio-pci", {"-device", "vfio-pci,host=01:00.0"}},
                            {"tpm-crb", {"-device", R"({"driver":"tpm-crb","tpmdev":"t"})"}},
                            {"-trace", {"-trace", "x"}},
                            {"no value", {"-device"}},
                            {"secret", {"-object", "secret,id=s,file=/f"}},
                            {"part of the board", {"-drive", "if=pflash,file=/f"}}};
        for (const Row& row : rows) {
            const AcpiMachine machine = machineFor(row.args);
            CPPUNIT_ASSERT_MESSAGE(machine.whyNot, machine.whyNot.find(row.words) != std::string::npos);
            CPPUNIT_ASSERT(machine.args.empty());
        }
    }

    Scratch scratch_;
    launch::ScratchDir hostDir_;
    HostFacts host_;
    launch::QemuMachines machines_{"qemu-system-x86_64"};
};
CPPUNIT_TEST_SUITE_REGISTRATION(CommandLineTest);

} // namespace teehost::tdx::test
