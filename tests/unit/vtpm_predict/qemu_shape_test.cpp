// SPDX-License-Identifier: Apache-2.0
//
// A QEMU command line is read for what it makes of the machine.
#include <cppunit/extensions/HelperMacros.h>

#include "predict/known_qemu.h"
#include "predict/qemu_shape.h"

namespace teehost::vtpm::test {
namespace {

using Args = std::vector<std::string_view>;

/// Of a VM of 1 GiB and 2 vCPUs, q35, EPYC, as far as the command line says nothing else.
MachineFacts factsOf(const Args& args, std::string_view accel = "tcg", const HostCpu& host = {})
{
    const auto str = [](std::string_view text) { return th_str{text.data(), text.size()}; };
    th_vm_spec raw{};
    raw.struct_size = sizeof raw;
    raw.vcpus = raw.max_vcpus = 2;
    raw.memory_bytes = 1u << 30;
    raw.accel = str(accel);
    raw.machine = str("q35");
    raw.cpu = str("EPYC");
    return machineOf(sdk::Vm(raw), args, host);
}

class QemuShapeTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(QemuShapeTest);
    CPPUNIT_TEST(takesTheVmWhereTheCommandLineIsSilent);
    CPPUNIT_TEST(readsTheMachine);
    CPPUNIT_TEST(readsCpus);
    CPPUNIT_TEST(showsTheHostsCpuUnderKvm);
    CPPUNIT_TEST(takesTheModelForAHostThatIsNotThisMachine);
    CPPUNIT_TEST(saysWhatItCannotTell);
    CPPUNIT_TEST(findsOptionRoms);
    CPPUNIT_TEST(takesNoValueForAnOption);
    CPPUNIT_TEST(readsCpuinfo);
    CPPUNIT_TEST(knowsTwoQemusOnly);
    CPPUNIT_TEST(findsAShim);
    CPPUNIT_TEST_SUITE_END();

    void takesTheVmWhereTheCommandLineIsSilent()
    {
        const MachineShape expected{Board::Q35, 1u << 30, 2, 2, CpuVendor::Amd, 40, true};
        for (const Args& args : {Args{}, Args{"-nodefaults"}}) {
            const MachineFacts facts = factsOf(args);
            CPPUNIT_ASSERT(facts.shape == expected && !facts.firmwareView && !facts.memoryLayout);
        }
    }

    void readsTheMachine()
    {
        const auto facts = factsOf(
            {"-machine", "pc-i440fx-7.2,accel=tcg,smm=off", "-m", "size=2G", "-smp", "cpus=3,maxcpus=5"});
        CPPUNIT_ASSERT(facts.shape == (MachineShape{Board::Pc, 2ull << 30, 3, 5, CpuVendor::Amd, 40, false}));
        struct Row {
            std::string_view text;
            std::uint64_t bytes;
        };
        for (const Row& row : {Row{"512", 512ull << 20}, Row{"512M", 512ull << 20},
                               Row{"size=1048576k", 1ull << 30}, Row{"3G,slots=2", 3ull << 30}})
            CPPUNIT_ASSERT_EQUAL(row.bytes, factsOf({"-m", row.text}).shape.memoryBytes);
        CPPUNIT_ASSERT_EQUAL(4u, factsOf({"-smp", "4"}).shape.maxVcpus);
    }

    void readsCpus()
    {
        CPPUNIT_ASSERT(factsOf({"-cpu", "Skylake-Client-v3"}).shape.vendor == CpuVendor::Intel);
        CPPUNIT_ASSERT(factsOf({"-cpu", "Skylake-Client,vendor=AuthenticAMD"}).shape.vendor ==
                       CpuVendor::Amd);
        CPPUNIT_ASSERT_EQUAL(46u, factsOf({"-cpu", "EPYC-v4,phys-bits=46"}).shape.physicalAddressBits);
        CPPUNIT_ASSERT_EQUAL(
            40u, factsOf({"-cpu", "max"}, "tcg", {CpuVendor::Intel, 46, true}).shape.physicalAddressBits);
    }

    void showsTheHostsCpuUnderKvm()
    {
        const HostCpu host{CpuVendor::Intel, 46, true};
        const auto same = factsOf({"-cpu", "host"}, "kvm", host);
        CPPUNIT_ASSERT(!same.firmwareView);
        CPPUNIT_ASSERT_EQUAL(46u, same.shape.physicalAddressBits);
        const auto named = factsOf({"-cpu", "EPYC"}, "kvm", host); // an AMD model of Intel's
        CPPUNIT_ASSERT(named.shape.vendor == CpuVendor::Intel);
        CPPUNIT_ASSERT_EQUAL(40u, named.shape.physicalAddressBits);
        CPPUNIT_ASSERT(factsOf({"-cpu", "host"}, "kvm").firmwareView.has_value());
        CPPUNIT_ASSERT(
            factsOf({"-cpu", "host,host-phys-bits-limit=42"}, "kvm", host).firmwareView.has_value());
    }

    void takesTheModelForAHostThatIsNotThisMachine()
    {
        const auto amd = factsOf({"-cpu", "EPYC-v4"}, "kvm", HostCpu::ofModel("EPYC-v4,+x"));
        CPPUNIT_ASSERT(!amd.firmwareView && amd.shape.vendor == CpuVendor::Amd);
        CPPUNIT_ASSERT(HostCpu::ofModel("SapphireRapids").vendor == CpuVendor::Intel);
        for (const char* model : {"host", "max,+x", "Dhyana"}) {
            CPPUNIT_ASSERT_MESSAGE(model, !HostCpu::ofModel(model).vendor);
            CPPUNIT_ASSERT_MESSAGE(model,
                                   factsOf({"-cpu", model}, "kvm", HostCpu::ofModel(model)).firmwareView);
        }
        const char* told = "host,vendor=GenuineIntel,phys-bits=46,pdpe1gb=on";
        const auto facts = factsOf({"-cpu", told}, "kvm", HostCpu::ofModel(told));
        CPPUNIT_ASSERT(!facts.firmwareView && facts.shape.vendor == CpuVendor::Intel);
        CPPUNIT_ASSERT_EQUAL(46u, facts.shape.physicalAddressBits);
    }

    void saysWhatItCannotTell()
    {
        for (const Args& args :
             {Args{"-machine", "microvm"}, Args{"-machine", "q35,confidential-guest-support=sev0"},
              Args{"-machine", "q35,max-ram-below-4g=1G"}, Args{"-m", "x"}}) {
            CPPUNIT_ASSERT(factsOf(args).firmwareView.has_value());
            CPPUNIT_ASSERT(factsOf(args).memoryLayout.has_value());
        }
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{6ull << 30},
                             factsOf(Args{"-m", "1G,slots=5,maxmem=2G"}).shape.hotplugBytes);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, factsOf(Args{"-m", "1G"}).shape.hotplugBytes);
        for (const Args& args :
             {Args{"-m", "1G,maxmem=2G"}, Args{"-m", "1G,slots=2"}, Args{"-m", "1G,slots=257,maxmem=2G"},
              Args{"-m", "1G,slots=x,maxmem=2G"}, Args{"-smp", "sockets=2"}, Args{"-smp", "0"},
              Args{"-cpu", "Dhyana"}, Args{"-cpu", "EPYC,phys-bits=x"}, Args{"-cpu", "Haswell,phys-bits=46"},
              Args{"-cpu", "EPYC,phys-bits=46,pdpe1gb=off"}}) {
            CPPUNIT_ASSERT(factsOf(args).firmwareView.has_value());
            CPPUNIT_ASSERT(!factsOf(args).memoryLayout.has_value());
        }
    }

    void findsOptionRoms()
    {
        for (const std::string_view device :
             {"virtio-net-pci,romfile=", "virtio-net-pci,netdev=a,,b,romfile=,id=n", "e1000e,rombar=0",
              "virtio-rng-pci", "tpm-crb,tpmdev=t", R"({"driver":"virtio-net-pci","romfile":""})"})
            CPPUNIT_ASSERT_MESSAGE(std::string(device),
                                   !factsOf({"-nodefaults", "-device", device}).optionRoms);
        for (const std::string_view device :
             {"virtio-net-pci", "virtio-net-pci,romfile=efi.rom", "vfio-pci,host=01:00.0", "driver=e1000",
              "id=a,,romfile=", R"({"driver":"e1000"})", "{", "unheard-of"})
            CPPUNIT_ASSERT_MESSAGE(std::string(device),
                                   factsOf({"-nodefaults", "-device", device}).optionRoms.has_value());
        CPPUNIT_ASSERT(!factsOf({}).optionRoms); // as the daemon launches VMs
        CPPUNIT_ASSERT(factsOf({"-device", "virtio-rng-pci"}).optionRoms.has_value()); // QEMU's own card
        CPPUNIT_ASSERT(factsOf({"-nodefaults", "-nic", "user"}).optionRoms.has_value());
    }

    void takesNoValueForAnOption()
    {
        CPPUNIT_ASSERT(factsOf({"-append", "-nodefaults"}).optionRoms.has_value());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1u << 30},
                             factsOf({"-append", "-m", "--nodefaults"}).shape.memoryBytes);
        CPPUNIT_ASSERT(!factsOf({"--nodefaults", "-S"}).optionRoms);
    }

    void readsCpuinfo()
    {
        const HostCpu cpu =
            HostCpu::of("processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu pdpe1gb lm\n"
                        "address sizes\t: 46 bits physical, 48 bits virtual\n");
        CPPUNIT_ASSERT(cpu.vendor == CpuVendor::Intel && cpu.addressBits == 46u && cpu.gigabytePages);
        const HostCpu other = HostCpu::of("vendor_id\t: HygonGenuine\naddress sizes\t: many");
        CPPUNIT_ASSERT(!other.vendor && !other.addressBits && !other.gigabytePages);
    }

    void knowsTwoQemusOnly()
    {
        const FirmwareBehaviour* const old = findBehaviour("edk2-2022.11");
        const auto isKnown = [&](std::string_view version) {
            return std::holds_alternative<KernelForm>(kernelFormOf(version, old));
        };
        for (const std::string_view known : {"7.2.0", "7.2.22", "10.0.2"})
            CPPUNIT_ASSERT(isKnown(known));
        for (const std::string_view unknown : {"", "7.20", "7.1.0", "8.0.0", "10.1.0", "11.0.0"})
            CPPUNIT_ASSERT(!isKnown(unknown));
        CPPUNIT_ASSERT(std::holds_alternative<Unknown>(kernelFormOf("10.0.2", nullptr)));
    }

    void findsAShim() { CPPUNIT_ASSERT(factsOf({"-shim", "shimx64.efi"}).shim && !factsOf({}).shim); }
};
CPPUNIT_TEST_SUITE_REGISTRATION(QemuShapeTest);

} // namespace
} // namespace teehost::vtpm::test
