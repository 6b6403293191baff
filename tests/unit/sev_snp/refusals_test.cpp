// SPDX-License-Identifier: Apache-2.0
//
// What is refused before QEMU is started, each with the option to change.
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "snp_factory/images.h"
#include "support.h"

namespace teehost::sev_snp::test {

class RefusalsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RefusalsTest);
    CPPUNIT_TEST(refusesWhatQemuCannotLaunch);
    CPPUNIT_TEST(takesAQemuOfUnknownVersion);
    CPPUNIT_TEST(refusesFirmwareThatIsNotForSevSnp);
    CPPUNIT_TEST(refusesAKernelThatIsNotMeasured);
    CPPUNIT_TEST(refusesCpuModelsItCannotPredict);
    CPPUNIT_TEST(refusesMalformedPolicies);
    CPPUNIT_TEST(refusesContradictionsOfAnIgvmFile);
    CPPUNIT_TEST(refusesAnotherCbitPosition);
    CPPUNIT_TEST(refusesWhenThereIsNothingToBoot);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        host_ = milanHost(scratch_);
        vm_ = plainVm();
        vm_.firmwareCode = scratch_.write("OVMF.fd", OvmfBuilder().build());
        igvm_ = scratch_.write("svsm.igvm", IgvmBuilder().build());
    }

private:
    void expectRefused(const std::string& words, const std::string& field, const Options& options,
                       const plugin::VmFacts& vm)
    {
        expectRefusal(words, field, [&] { compose(configured(options), host_, vm); });
    }
    /// The VM with one fact changed.
    template <class Change>
    plugin::VmFacts with(Change&& change) const
    {
        plugin::VmFacts vm = vm_;
        change(vm);
        return vm;
    }
    plugin::VmFacts withFirmware(const OvmfBuilder& ovmf)
    {
        return with([&](auto& vm) { vm.firmwareCode = scratch_.write("other.fd", ovmf.build()); });
    }
    plugin::VmFacts withKernel(plugin::VmFacts vm)
    {
        vm.kernel = scratch_.write("bzImage", "kernel");
        return vm;
    }

    void refusesWhatQemuCannotLaunch()
    {
        expectRefused("need KVM", "qemu.enable_kvm", {}, with([](auto& vm) { vm.accel = "tcg"; }));
        expectRefused("does not know sev-snp-guest", "qemu.bin_path", {},
                      with([](auto& vm) { vm.qemuVersion = "7.2.22"; }));
        expectRefused("does not boot IGVM files", "qemu.bin_path", {{"igvm_file", igvm_}},
                      with([](auto& vm) { vm.qemuVersion = "10.0.9"; }));
        expectRefused("system management mode", "qemu.machine", {},
                      with([](auto& vm) { vm.machine = "q35,smm=on"; }));
        expectRefused("interrupt controller", "qemu.machine", {},
                      with([](auto& vm) { vm.machine = "q35,kernel-irqchip=off"; }));
        expectRefused("that of a cloud", "sev-snp.vmsa_profile", {{"vmsa_profile", "gce"}}, vm_);
    }

    void takesAQemuOfUnknownVersion()
    {
        for (const char* version : {"", "HEAD-1234", "9.1", "11.0.0-rc1"})
            compose(configured({}), host_, with([&](auto& vm) { vm.qemuVersion = version; }));
    }

    void refusesFirmwareThatIsNotForSevSnp()
    {
        OvmfBuilder ovmf;
        ovmf.hasMetadata = false;
        expectRefused("no SEV metadata", "ovmf.code.file", {}, withFirmware(ovmf));
        ovmf = {};
        ovmf.size = 68 * 1024;
        expectRefused("not a multiple of 64 KiB", "ovmf.code.file", {}, withFirmware(ovmf));
        ovmf.size = 64 * 1024 + 1;
        expectRefused("whole pages", "ovmf.code.file", {}, withFirmware(ovmf));
        ovmf = {};
        ovmf.apResetEip.reset();
        expectRefused("where vCPUs after the first start", "ovmf.code.file", {}, withFirmware(ovmf));
        auto one = withFirmware(ovmf);
        one.vcpus = one.maxVcpus = 1;
        compose(configured({}), host_, one);
        ovmf = {};
        ovmf.sections[0].type = static_cast<SectionType>(9);
        expectRefused("unknown type 0x9", "ovmf.code.file", {}, withFirmware(ovmf));
        expectRefused("cannot open firmware", "ovmf.code.file", {},
                      with([](auto& vm) { vm.firmwareCode = "/no/such.fd"; }));
        expectRefused("does not end as OVMF does", "ovmf.code.file", {}, with([&](auto& vm) {
                          vm.firmwareCode = scratch_.write("noise", kit::Bytes(64 * 1024, 0xa5));
                      }));
    }

    void refusesAKernelThatIsNotMeasured()
    {
        const auto plain = withKernel(withFirmware(OvmfBuilder::withoutKernelHashes()));
        expectRefused("takes no kernel hashes", "ovmf.code.file", {}, plain);
        expectRefused("without being measured", "sev-snp.kernel_hashes", {{"kernel_hashes", "false"}}, plain);
        expectRefused("without being measured", "sev-snp.kernel_hashes", {{"kernel_hashes", "false"}},
                      withKernel(vm_));
        compose(configured({{"kernel_hashes", "false"}, {"allow_unmeasured_kernel", "true"}}), host_, plain);
        expectRefused("cannot open kernel", "qemu.kernel.file", {},
                      with([](auto& vm) { vm.kernel = "/no/such/kernel"; }));
    }

    void refusesCpuModelsItCannotPredict()
    {
        for (const char* cpu :
             {"max", "base", "qemu64", "Skylake-Server", "EPYC-v4,model=2", "EPYC-v4,family=1"})
            expectRefused("no known CPUID signature", "sev-snp.cpu_signature", {},
                          with([&](auto& vm) { vm.cpu = cpu; }));
        for (const char* cpu : {"EPYC", "EPYC-Milan-v2", "EPYC-Genoa,+avx512f", "host"})
            compose(configured({}), host_, with([&](auto& vm) { vm.cpu = cpu; }));
        compose(configured({{"cpu_signature", "0xa00f11"}}), host_, with([](auto& vm) { vm.cpu = "max"; }));
        // The vCPU state comes from the file then.
        compose(configured({{"igvm_file", igvm_}}), host_, with([](auto& vm) { vm.cpu = "max"; }));
    }

    void refusesMalformedPolicies()
    {
        for (const char* policy : {"0", "0x10000", "0x4030000", "0x8000000000030000"})
            expectRefused("is malformed", "sev-snp.policy", {{"policy", policy}}, vm_);
        compose(configured({{"policy", "0x3ff001f"}}), host_, vm_);
    }

    void refusesContradictionsOfAnIgvmFile()
    {
        expectRefused("brings the guest policy 0x30000, but sev-snp.policy is 0xb0000", "sev-snp.policy",
                      {{"igvm_file", igvm_}, {"policy", "0xb0000"}}, vm_);
        compose(configured({{"igvm_file", igvm_}, {"policy", "0x30000"}}), host_, vm_);
        expectRefused("own SEV_FEATURES", "sev-snp.debug_swap",
                      {{"igvm_file", igvm_}, {"debug_swap", "true"}}, vm_);
        expectRefused("own SEV_FEATURES", "sev-snp.secure_tsc",
                      {{"igvm_file", igvm_}, {"secure_tsc", "true"}}, vm_);
        IgvmBuilder forTdx;
        forTdx.forSnp = false;
        const auto tdx = scratch_.write("tdx.igvm", forTdx.build());
        expectRefused("SEV-SNP", "sev-snp.igvm_file", {{"igvm_file", tdx}}, vm_);
        kit::Bytes damaged = IgvmBuilder().build();
        damaged[40] ^= 1;
        expectRefused("checksum", "sev-snp.igvm_file",
                      {{"igvm_file", scratch_.write("damaged.igvm", damaged)}}, vm_);
    }

    void refusesAnotherCbitPosition()
    {
        expectRefused("the host's CPU has 51", "sev-snp.cbitpos", {{"cbitpos", "47"}}, vm_);
        compose(configured({{"cbitpos", "47"}}), otherHost(), vm_); // nothing is known of it there
    }

    void refusesWhenThereIsNothingToBoot()
    {
        expectRefused("neither an IGVM file nor a firmware", "sev-snp.igvm_file", {{"igvm_file", ""}},
                      plainVm());
    }

    Scratch scratch_;
    HostFacts host_;
    plugin::VmFacts vm_;
    std::string igvm_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(RefusalsTest);

} // namespace teehost::sev_snp::test
