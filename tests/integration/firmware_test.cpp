// SPDX-License-Identifier: Apache-2.0
//
// What is installed boots as it is: OVMF, the kernel as packaged, every size at its default, and KVM where it
// works.
#include <algorithm>
#include <filesystem>

#include <cppunit/extensions/HelperMacros.h>

#include "support/guest_image.h"
#include "support/host_test.h"
#include "support/proc.h"
#include "support/selftest.h"

namespace teehost::test {
namespace {

constexpr const char* kInstalledVars = "/usr/share/OVMF/OVMF_VARS.fd"; // the default of ovmf.vars.file

/// The value of `file=` in the pflash drive of that unit, as QEMU was given it.
std::string pflashFile(pid_t qemu, const std::string& unit)
{
    for (const auto& argument : argvOf(qemu)) {
        const auto at = argument.find(",file=");
        if (argument.starts_with("if=pflash,") && argument.find("unit=" + unit) != std::string::npos)
            return argument.substr(at + 6, argument.find(',', at + 6) - at - 6);
    }
    return {};
}

class FirmwareTest final : public HostTest {
    CPPUNIT_TEST_SUITE(FirmwareTest);
    CPPUNIT_TEST(bootsTwoVmsWithEverythingAtItsDefault);
    CPPUNIT_TEST(copesWithCommasAndBlanksInPaths);
    CPPUNIT_TEST_SUITE_END();

    void bootsTwoVmsWithEverythingAtItsDefault()
    {
        Settings defaults = quickSettings(stage());
        for (const auto* key : {"qemu.enable_kvm", "qemu.smp.count", "qemu.smp.maxcpus", "qemu.memory.size",
                                "qemu.memory.max", "ovmf.code.file"})
            defaults.erase(key);
        defaults["qemu.kernel.file"] = guestImage().bzImage;
        // On a busy host a kernel may panic over the timer interrupts that QEMU had no time to deliver.
        defaults["qemu.kernel.cmdline"] = "quiet console=ttyS0 panic=-1 no_timer_check";
        startExactly(defaults);
        const std::string installed = sha256(readFile(kInstalledVars));

        const auto first = client().createVm();
        const auto second = client().createVm();
        const auto firstVars = pflashFile(first.pid(), "1");
        const auto secondVars = pflashFile(second.pid(), "1");
        CPPUNIT_ASSERT_EQUAL((stage().state() / "vm" / first.id() / "vars.fd").string(), firstVars);
        CPPUNIT_ASSERT_EQUAL((stage().state() / "vm" / second.id() / "vars.fd").string(), secondVars);
        CPPUNIT_ASSERT_EQUAL(mode_t{0600}, modeOf(firstVars));
        CPPUNIT_ASSERT_EQUAL(4u, first.vcpus());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2048} << 20, first.memory_bytes());
        for (const auto& vm : {first, second}) {
            client().waitForState(vm.id(), v1::VM_STATE_RUNNING);
            CPPUNIT_ASSERT(isHealthy(vm.agent_address()));
        }
        // OVMF writes its boot variables, and into the copy.
        CPPUNIT_ASSERT(sha256(readFile(firstVars)) != installed);
        CPPUNIT_ASSERT_EQUAL(installed, sha256(readFile(kInstalledVars)));
        client().removeVm(first.id());
        CPPUNIT_ASSERT(!std::filesystem::exists(firstVars));
        CPPUNIT_ASSERT(std::filesystem::exists(secondVars));
        client().removeVm(second.id());
        assertClean();
    }

    /// QEMU splits its options at commas; every path of ours takes part in one.
    void copesWithCommasAndBlanksInPaths()
    {
        const auto image = stage().scratch / "guest, the image";
        std::filesystem::create_directory_symlink(guestImage().directory, image);
        const auto odd = stage().scratch / "a, b=c";
        startDaemon({{"state.dir", odd / "state, vm"},
                     {"runtime.dir", odd / "r, d"},
                     {"log.dir", odd / "log, id=x"},
                     {"qemu.kernel.file", image / "bzImage"},
                     {"qemu.kernel.initrd", image / "rootfs.cpio"},
                     {"qemu.kernel.cmdline", quickCmdline("teehost.selftest=1 odd=a,b")},
                     {"ovmf.code.file", "/usr/share/OVMF/OVMF_CODE.fd"}});
        v1::CreateVmRequest request;
        request.mutable_agent()->set_client_key("a key");
        const auto vm = runVm(request);
        const auto argv = argvOf(vm.pid());
        CPPUNIT_ASSERT(std::find(argv.begin(), argv.end(), (image / "bzImage").string()) != argv.end());
        CPPUNIT_ASSERT(std::filesystem::exists(odd / "state, vm" / "vm" / vm.id() / "vars.fd"));
        const auto console = readFile(odd / "log, id=x" / vm.id() / "console.log");
        CPPUNIT_ASSERT_EQUAL(sha256("a key"), parseSelftest(console).certificates.at("key.pem").sha256);
        client().removeVm(vm.id());
        for (const auto& directory : {odd / "state, vm" / "vm", odd / "r, d" / "vm"})
            CPPUNIT_ASSERT(std::filesystem::is_empty(directory));
        assertClean();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(FirmwareTest);

} // namespace
} // namespace teehost::test
