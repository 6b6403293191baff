// SPDX-License-Identifier: Apache-2.0
//
// The probe on hosts that exist on paper: one that is as it should be, and that one with one fault each.
#include <functional>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "plugin_checks.h"
#include "snp_factory/images.h"
#include "support.h"

namespace teehost::sev_snp::test {
namespace {

using plugin::Verdict;

/// Changes registers of CPUID 8000001F.
std::function<void(HostFacts&)> cpu(std::function<void(CpuidLeaf&)> change)
{
    return [change](HostFacts& host) {
        host.cpuid = [before = host.cpuid, change](std::uint32_t leaf) {
            auto out = before(leaf);
            if (out && leaf == 0x8000001f)
                change(*out);
            return out;
        };
    };
}

} // namespace

class ProbeTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ProbeTest);
    CPPUNIT_TEST(findsAGoodHostGood);
    CPPUNIT_TEST(findsEachFaultOfTheHost);
    CPPUNIT_TEST(findsEachFaultOfTheSettings);
    CPPUNIT_TEST(reportsAllOnAMachineWithoutSev);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        vm_ = plainVm();
        vm_.firmwareCode = scratch_.write("OVMF.fd", OvmfBuilder().build());
        host_ = milanHost(scratch_);
    }

private:
    void findsAGoodHostGood()
    {
        for (const auto& check : probe(configured({}), host_, &vm_))
            CPPUNIT_ASSERT_MESSAGE(check.id + ": " + check.message,
                                   check.verdict == Verdict::Pass && !check.message.empty());
        const Options igvm{{"igvm_file", scratch_.write("svsm.igvm", IgvmBuilder().build())}};
        for (const auto& check : probe(configured(igvm), host_, &vm_))
            CPPUNIT_ASSERT_MESSAGE(check.id + ": " + check.message, check.verdict == Verdict::Pass);
    }

    void findsEachFaultOfTheHost()
    {
        const auto without = [this](const std::string& file) {
            return [this, file](HostFacts&) { std::filesystem::remove(scratch_ / file); };
        };
        const auto write = [this](const std::string& file, const std::string& content) {
            return [this, file, content](HostFacts&) {
                std::filesystem::remove(scratch_ / file);
                scratch_.write(file, content);
            };
        };
        const auto firmware = [](Asked<SevFirmware> answer) {
            return [answer](HostFacts& host) {
                host.sevFirmware = [answer](const std::string&) { return answer; };
            };
        };
        const auto types = [](Asked<std::uint32_t> answer) {
            return [answer](HostFacts& host) {
                host.kvmVmTypes = [answer](const std::string&) { return answer; };
            };
        };
        const std::string parameter = "sys/module/kvm_amd/parameters/sev_snp";
        struct Row {
            std::function<void(HostFacts&)> fault;
            const char* id;
            Verdict verdict;
            const char* words;
            const char* also = ""; ///< another check that cannot pass then
        };
        const Row rows[] = {
            {cpu([](auto& leaf) { leaf[0] &= ~0x10u; }), "cpu.sev_snp", Verdict::Fail, "has no SEV-SNP",
             "cpu.asids"},
            {write("proc/cpuinfo", "flags\t: fpu sev sev_es\n"), "cpu.sev_snp", Verdict::Fail,
             "the kernel does not use it"},
            {write("proc/cpuinfo", "flags\t: xsev_snp sev_snpx\n"), "cpu.sev_snp", Verdict::Fail,
             "the kernel does not use it"},
            {without("proc/cpuinfo"), "cpu.sev_snp", Verdict::Fail, "the kernel does not use it"},
            {cpu([](auto& leaf) { leaf[1] = 47; }), "cpu.cbitpos", Verdict::Fail, "C-bit at 47"},
            {cpu([](auto& leaf) { leaf[3] = 1; }), "cpu.asids", Verdict::Fail, "no ASID"},
            {cpu([](auto& leaf) { leaf[2] = 0; }), "cpu.asids", Verdict::Fail, "no ASID"},
            {write(parameter, "N\n"), "kernel.kvm_amd", Verdict::Fail, "switched off"},
            {write(parameter, ""), "kernel.kvm_amd", Verdict::Fail, "switched off"},
            {without(parameter), "kernel.kvm_amd", Verdict::Fail, "not loaded, or older"},
            {types({0x0d, {}}), "kernel.kvm_vm_type", Verdict::Fail, "KVM_CAP_VM_TYPES is 0xd"},
            {types({std::nullopt, "cannot open it"}), "kernel.kvm_vm_type", Verdict::Fail, "cannot open it"},
            {without("dev/kvm"), "device.kvm", Verdict::Fail, "there is no"},
            {without("dev/sev"), "device.sev", Verdict::Fail, "there is no"},
            {write("dev/sev", "a file"), "device.sev", Verdict::Fail, "not a character device"},
            {firmware({SevFirmware{1, 50, 9, true}, {}}), "firmware.api", Verdict::Fail, "1.50 build 9"},
            {firmware({SevFirmware{0, 99, 9, true}, {}}), "firmware.api", Verdict::Fail,
             "SEV-SNP needs 1.51"},
            {firmware({SevFirmware{1, 55, 9, false}, {}}), "firmware.api", Verdict::Warn, "not initialized"},
            {firmware({std::nullopt, "no answer"}), "firmware.api", Verdict::Fail, "no answer"},
            {[](HostFacts& host) {
                 host.sevFirmware = [](const std::string&) -> Asked<SevFirmware> {
                     throw std::runtime_error("it broke");
                 };
             },
             "firmware.api", Verdict::Fail, "it broke"},
        };
        for (const Row& row : rows) {
            std::filesystem::remove(scratch_ / "dev/sev"); // a fault of the row before
            HostFacts host = milanHost(scratch_);
            row.fault(host);
            expectOnly(row.id, row.verdict, row.words, probe(configured({}), host, &vm_), row.also);
        }
    }

    void findsEachFaultOfTheSettings()
    {
        const auto check = [this](const std::string& id, Verdict verdict, const std::string& words,
                                  const Options& options, const plugin::VmFacts& vm) {
            expectOnly(id, verdict, words, probe(configured(options), host_, &vm));
        };
        plugin::VmFacts vm = vm_;
        vm.qemuVersion = "7.2.22";
        check("qemu.sev_snp_guest", Verdict::Fail, "7.2.22 does not know", {}, vm);
        vm.qemuVersion.clear();
        check("qemu.sev_snp_guest", Verdict::Warn, "not known", {}, vm);
        vm.qemuVersion = "10.0.1";
        const std::string igvm = scratch_.write("svsm.igvm", IgvmBuilder().build());
        check("qemu.sev_snp_guest", Verdict::Fail, "does not boot IGVM", {{"igvm_file", igvm}}, vm);
        check("cpu.cbitpos", Verdict::Fail, "sev-snp.cbitpos is 47", {{"cbitpos", "47"}}, vm_);

        check("boot.image", Verdict::Fail, "cannot open", {{"igvm_file", "/no/such.igvm"}}, vm_);
        check("boot.image", Verdict::Fail, "not an IGVM file",
              {{"igvm_file", scratch_.write("noise", std::string(100, 'x'))}}, vm_);
        IgvmBuilder tdx;
        tdx.forSnp = false;
        check("boot.image", Verdict::Fail, "SEV-SNP", {{"igvm_file", scratch_.write("tdx", tdx.build())}},
              vm_);
        vm = vm_;
        OvmfBuilder ovmf;
        ovmf.hasMetadata = false;
        vm.firmwareCode = scratch_.write("plain.fd", ovmf.build());
        check("boot.image", Verdict::Fail, "no SEV metadata", {}, vm);
        vm.firmwareCode = scratch_.write("nohash.fd", OvmfBuilder::withoutKernelHashes().build());
        for (const auto& result : probe(configured({}), host_, &vm)) // fine for what does not boot a kernel
            CPPUNIT_ASSERT_MESSAGE(result.id, result.verdict == Verdict::Pass);
        vm.kernel = "/boot/vmlinuz";
        check("boot.image", Verdict::Fail, "takes no kernel hashes", {}, vm);
    }

    void reportsAllOnAMachineWithoutSev()
    {
        const plugin::VmFacts* const given[] = {nullptr, &vm_};
        for (const plugin::VmFacts* vm : given) {
            const auto checks = probe(configured({}), otherHost(), vm);
            CPPUNIT_ASSERT_EQUAL(kSevSnpProbeChecks.size(), checks.size());
            for (const auto& check : checks) {
                CPPUNIT_ASSERT_MESSAGE(check.id, check.verdict == Verdict::Pass || !check.hint.empty());
                CPPUNIT_ASSERT_MESSAGE(check.id, check.message != "the plugin did not report this check");
                if (check.id.starts_with("cpu.") || check.id.starts_with("kernel.") ||
                    check.id.starts_with("device."))
                    CPPUNIT_ASSERT_MESSAGE(check.id, check.blocks());
            }
        }
    }

    Scratch scratch_;
    HostFacts host_;
    plugin::VmFacts vm_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(ProbeTest);

} // namespace teehost::sev_snp::test
