// SPDX-License-Identifier: Apache-2.0
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/plugin/request_views.h"
#include "launch/cpu_model.h"
#include "launch/ovmf_digest.h"
#include "predict.h"
#include "snp_factory/images.h"
#include "support.h"

namespace teehost::sev_snp::test {

class PredictTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PredictTest);
    CPPUNIT_TEST(measuresWhatTheVmBoots);
    CPPUNIT_TEST(changesWithEverythingThatIsMeasured);
    CPPUNIT_TEST(staysWithWhatIsNotMeasured);
    CPPUNIT_TEST(takesTheHostsCpuForTheModelHost);
    CPPUNIT_TEST(takesNoCpuOfThisMachineForAVmThatIsNotHere);
    CPPUNIT_TEST(knowsTheFirstVcpuOfAnIgvmFileOnly);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        host_ = milanHost(scratch_);
        vm_ = plainVm();
        vm_.firmwareCode = scratch_.write("OVMF.fd", OvmfBuilder().build());
        vm_.kernel = scratch_.write("bzImage", "kernel");
        vm_.initrd = scratch_.write("initrd", "initrd");
        vm_.cmdline = "quiet";
    }

private:
    LaunchPrediction predict(const Options& options, const plugin::VmFacts& vm) const
    {
        const th_vm_spec view = plugin::vmView(vm);
        return predictLaunch(configured(options), host_, sdk::Vm(view));
    }
    std::string digest(const Options& options, const plugin::VmFacts& vm) const
    {
        return kit::toHex(predict(options, vm).launch.digest);
    }

    void measuresWhatTheVmBoots()
    {
        const kit::Bytes bytes = OvmfBuilder().build();
        OvmfLaunch launch;
        launch.vcpus = 2;
        launch.cpuSignature = cpuSignature(23, 1, 2);
        launch.hashes = KernelHashes{kit::sha256(kit::viewOf("kernel")), kit::sha256(kit::viewOf("initrd")),
                                     hashOfCmdline("quiet")};
        const auto prediction = predict({}, vm_);
        CPPUNIT_ASSERT(measureOvmf(OvmfImage::parse(bytes), launch).digest == prediction.launch.digest);
        CPPUNIT_ASSERT(prediction.image.kind == BootKind::Ovmf && prediction.imageBytes == bytes.size() &&
                       prediction.policy == kDefaultPolicy && !prediction.policyFromImage &&
                       prediction.kernelHashes && prediction.allVcpusKnown);
    }

    void changesWithEverythingThatIsMeasured()
    {
        std::map<std::string, std::string> seen{{digest({}, vm_), "the VM as it was"}};
        const auto expectNew = [&](const std::string& what, const std::string& digest) {
            const auto [it, fresh] = seen.emplace(digest, what);
            CPPUNIT_ASSERT_MESSAGE(what + " has the digest of " + it->second, fresh);
        };
        plugin::VmFacts vm = vm_;
        vm.vcpus = 3;
        expectNew("another vCPU", digest({}, vm));
        vm = vm_;
        vm.cpu = "EPYC-Milan";
        expectNew("another model", digest({}, vm));
        vm = vm_;
        vm.cmdline += " ";
        expectNew("another command line", digest({}, vm));
        vm = vm_;
        vm.initrd.clear();
        expectNew("no initrd", digest({}, vm));
        vm = vm_;
        vm.kernel = scratch_.write("bzImage2", "kernel2");
        expectNew("another kernel", digest({}, vm));
        vm.kernel.clear();
        expectNew("no kernel", digest({}, vm));
        vm = vm_;
        OvmfBuilder ovmf;
        ovmf.fill ^= 1;
        vm.firmwareCode = scratch_.write("other.fd", ovmf.build());
        expectNew("another firmware", digest({}, vm));
        expectNew("debug swap", digest({{"debug_swap", "true"}}, vm_));
        expectNew("secure TSC", digest({{"secure_tsc", "true"}}, vm_));
        expectNew("an old kernel", digest({{"vmsa_profile", "qemu-legacy"}}, vm_));
        expectNew("a signature", digest({{"cpu_signature", "1"}}, vm_));
    }

    void staysWithWhatIsNotMeasured()
    {
        plugin::VmFacts vm = vm_;
        vm.memoryBytes *= 2;
        vm.maxVcpus = 64;
        vm.machine = "pc";
        vm.hostData.assign(32, 1);
        CPPUNIT_ASSERT_EQUAL(digest({}, vm_), digest({}, vm));
        CPPUNIT_ASSERT_EQUAL(digest({}, vm_),
                             digest({{"policy", "0xb0000"}, {"vcek_disabled", "true"}}, vm_));
    }

    void takesTheHostsCpuForTheModelHost()
    {
        plugin::VmFacts vm = vm_;
        vm.cpu = "host";
        vm.vmId = "8d4ad306-9bb6-4ea0-b6d7-630b253a19ed"; // which this host launches
        const auto prediction = predict({}, vm);
        CPPUNIT_ASSERT(prediction.cpuSignature == host_.cpuSignature());
        vm.cpu = "EPYC-Milan"; // whose signature the paper host's is
        CPPUNIT_ASSERT_EQUAL(kit::toHex(prediction.launch.digest), digest({}, vm));
    }

    /// A digest for `teehost measure` on a verifier's laptop: its CPU is not the host's.
    void takesNoCpuOfThisMachineForAVmThatIsNotHere()
    {
        plugin::VmFacts vm = vm_;
        vm.vmId.clear();
        for (const char* cpu : {"host", "host,+avx512f"}) {
            vm.cpu = cpu;
            try {
                predict({}, vm);
                CPPUNIT_FAIL(cpu);
            } catch (const sdk::Error& e) {
                CPPUNIT_ASSERT(std::string(e.what()).find("not known here") != std::string::npos);
                CPPUNIT_ASSERT_EQUAL(std::string("sev-snp.cpu_signature"), std::string(e.field()));
            }
        }
        const auto told = predict({{"cpu_signature", "0xa00f11"}}, vm);
        CPPUNIT_ASSERT(told.cpuSignature == 0xa00f11u);
    }

    void knowsTheFirstVcpuOfAnIgvmFileOnly()
    {
        const Options options{{"igvm_file", scratch_.write("svsm.igvm", IgvmBuilder().build())}};
        plugin::VmFacts vm = vm_;
        vm.vcpus = 1;
        const auto one = predict(options, vm);
        CPPUNIT_ASSERT(one.allVcpusKnown && one.policyFromImage && one.image.kind == BootKind::Igvm);
        CPPUNIT_ASSERT(!predict(options, vm_).allVcpusKnown);
        auto notes = notesOf(compose(configured(options), host_, vm_));
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), notes.count("sev-snp.launch_digest"));
        CPPUNIT_ASSERT_EQUAL(kit::toHex(one.launch.digest), notes["sev-snp.launch_digest_of_first_vcpu"]);
    }

    Scratch scratch_;
    HostFacts host_;
    plugin::VmFacts vm_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(PredictTest);

} // namespace teehost::sev_snp::test
