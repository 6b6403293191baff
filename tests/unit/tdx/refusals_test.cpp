// SPDX-License-Identifier: Apache-2.0
//
// What QEMU would end for is refused before it is started, and options that mean nothing when they are read.
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "support.h"

namespace teehost::tdx::test {

class RefusalsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RefusalsTest);
    CPPUNIT_TEST(refusesWhatQemuWouldEndFor);
    CPPUNIT_TEST(takesWhatQemuTakes);
    CPPUNIT_TEST(refusesFirmwareThatIsNoTdvf);
    CPPUNIT_TEST(refusesOptionsThatMeanNothing);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        host_ = goodHost(scratch_);
        vm_ = plainVm();
        vm_.cpu = "host";
    }

private:
    void refusesWhatQemuWouldEndFor()
    {
        struct Row {
            const char* words;
            const char* field;
            void (*change)(plugin::VmFacts&);
        };
        static constexpr Row kRows[] = {
            {"need KVM", "qemu.enable_kvm", [](plugin::VmFacts& vm) { vm.accel = "tcg"; }},
            {"QEMU 10.0.4", "qemu.bin_path", [](plugin::VmFacts& vm) { vm.qemuVersion = "10.0.4"; }},
            {"need a q35", "qemu.machine", [](plugin::VmFacts& vm) { vm.machine = "pc"; }},
            {"smm=on", "qemu.machine", [](plugin::VmFacts& vm) { vm.machine = "q35,smm=on"; }},
            {"pic=on", "qemu.machine", [](plugin::VmFacts& vm) { vm.machine = "q35,pic=on"; }},
            {"kernel-irqchip=on", "qemu.machine",
             [](plugin::VmFacts& vm) { vm.machine = "q35,kernel-irqchip=on"; }},
            {"kernel_irqchip=off", "qemu.machine",
             [](plugin::VmFacts& vm) { vm.machine = "q35,kernel_irqchip=off"; }},
            {"the plugin sets it", "qemu.machine",
             [](plugin::VmFacts& vm) { vm.machine = "q35,confidential-guest-support=x"; }},
            {"no named CPU model", "qemu.cpu", [](plugin::VmFacts& vm) { vm.cpu = "SapphireRapids"; }},
            {"no named CPU model", "qemu.cpu", [](plugin::VmFacts& vm) { vm.cpu = "EPYC,+avx512f"; }},
            {"phys-bits", "qemu.cpu", [](plugin::VmFacts& vm) { vm.cpu = "host,phys-bits=46"; }},
            {"multiples of 25 MHz", "qemu.cpu",
             [](plugin::VmFacts& vm) { vm.cpu = "host,tsc-frequency=2100000001"; }},
            {"multiples of 25 MHz", "qemu.cpu",
             [](plugin::VmFacts& vm) { vm.cpu = "host,tsc-frequency=75000000"; }},
        };
        for (const Row& row : kRows) {
            plugin::VmFacts vm = vm_;
            row.change(vm);
            expectRefusal(row.words, row.field, [&] { compose(configured({}), host_, vm); });
        }
    }

    void takesWhatQemuTakes()
    {
        for (const char* cpu : {"host", "EPYC", "", "host,-avx10,pmu=on", "host,tsc-frequency=2100000000"}) {
            vm_.cpu = cpu;
            compose(configured({}), host_, vm_);
        }
        for (const char* machine : {"q35,kernel-irqchip=split,smm=off", "pc-q35-10.1", "q35,pic=auto"}) {
            vm_.machine = machine;
            compose(configured({}), host_, vm_);
        }
        vm_.qemuVersion.clear(); // not known: QEMU will say
        compose(configured({}), host_, vm_);
    }

    void refusesFirmwareThatIsNoTdvf()
    {
        const auto refuse = [this](const std::string& words, const std::string& path) {
            expectRefusal(words, "tdx.firmware", [&] {
                compose(configured({{"firmware", path}}), host_, vm_);
            });
        };
        refuse("No such file", "/nonexistent/OVMF.fd");
        refuse("footer", scratch_.write("zeros.fd", std::string(65536, '\0')));
        refuse("", "/usr/share/OVMF/OVMF_CODE.fd"); // its metadata are of the image with its VARS
        refuse("", "/usr/share/seabios/bios-256k.bin");
    }

    void refusesOptionsThatMeanNothing()
    {
        struct Row {
            const char* words; ///< empty: it is taken
            Options options;
        };
        const Row rows[] = {
            {"bits 28, 30 and 63", {{"attributes", "0x10000001"}}},
            {"with bit 28", {{"attributes", "0x40000000"}}},
            {"without bit 28", {{"attributes", "0x10000000"}, {"sept_ve_disable", "false"}}},
            {"a number", {{"attributes", "debug"}}},
            {"48 bytes", {{"mr_config_id", "00ff"}}},
            {"48 bytes", {{"mr_owner", std::string(98, '0')}}},
            {"auto, vsock, none", {{"quote_generation", "vsock:2:4050"}}},
            {"107 characters", {{"quote_generation", "/" + std::string(107, 'x')}}},
            {"", {{"quote_generation", "/" + std::string(106, 'x')}}},
            {"", {{"attributes", "0x8000000010000000"}}},
        };
        for (const Row& row : rows) {
            const std::string said = refusalOf(row.options);
            CPPUNIT_ASSERT_MESSAGE("\"" + said + "\", expected: " + row.words,
                                   *row.words == '\0' ? said.empty()
                                                      : said.find(row.words) != std::string::npos);
        }
    }

    Scratch scratch_;
    HostFacts host_;
    plugin::VmFacts vm_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(RefusalsTest);

} // namespace teehost::tdx::test
