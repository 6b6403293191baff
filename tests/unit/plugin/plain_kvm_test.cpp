// SPDX-License-Identifier: Apache-2.0
//
// The real plain-kvm.so through the real loader.
#include <algorithm>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/plugin/loader.h"
#include "support.h"

namespace teehost::plugin::test {

class PlainKvmTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PlainKvmTest);
    CPPUNIT_TEST(isABackendThatPromisesNothing);
    CPPUNIT_TEST(composesFromFirmwareAndKernel);
    CPPUNIT_TEST(leavesFirmwareToQemuWhenNoneIsGiven);
    CPPUNIT_TEST(honoursItsOptions);
    CPPUNIT_TEST(probesTheFirmwareOfTheSettings);
    CPPUNIT_TEST(explainsQemusWords);
    CPPUNIT_TEST_SUITE_END();

    Plugin& plugin(const CallContext& context = {})
    {
        loaded_ = loadPlugins({TEEHOST_PLUGIN_DIR}, {.allowOwn = true}, kept_.log);
        Plugin* found = loaded_.find("plain-kvm");
        CPPUNIT_ASSERT(found != nullptr);
        found->create(context);
        return *found;
    }

    void isABackendThatPromisesNothing()
    {
        const Plugin& p = plugin();
        CPPUNIT_ASSERT(p.info().backend && !p.info().attester && !p.info().confidential &&
                       !p.info().needsKvm);
        CPPUNIT_ASSERT(p.hasCompose() && p.hasProbe() && p.hasDiagnose() && !p.hasMeasure() &&
                       !p.hasVerify());
    }

    void composesFromFirmwareAndKernel()
    {
        VmFacts vm;
        vm.firmwareCode = "/code.fd";
        vm.firmwareVars = "/run/vm/vars.fd";
        vm.firmwareVarsSource = "/vars.fd";
        vm.kernel = "/k";
        vm.initrd = "/i";
        vm.cmdline = "console=ttyS0 a=b,c";
        Fragment expected;
        expected.plugin = "plain-kvm";
        expected.machine = {{"vmport", "off"}, {"hpet", "off"}, {"dump-guest-core", "off"}};
        expected.memory = MemoryBackend{"memory-backend-memfd", {{"share", "on"}}};
        expected.firmware = {{Firmware::Kind::Code, "/code.fd"}, {Firmware::Kind::Vars, "/run/vm/vars.fd"}};
        expected.directBoot = DirectBoot{"/k", "/i", "console=ttyS0 a=b,c"};
        expected.items = {Item{"device", "pvpanic", "", {}},
                          Item{"object", "rng-random", "entropy0", {{"filename", "/dev/urandom"}}},
                          Item{"device", "virtio-rng-pci", "rng0", {{"rng", "entropy0"}}}};
        CPPUNIT_ASSERT(expected == plugin().compose({}, vm));
    }

    void leavesFirmwareToQemuWhenNoneIsGiven()
    {
        const Fragment fragment = plugin().compose({}, {});
        CPPUNIT_ASSERT(fragment.firmware.empty() && !fragment.directBoot);
    }

    void honoursItsOptions()
    {
        CallContext context;
        context.option = [](std::string_view key) -> std::optional<settings::Value> {
            if (key == "plain-kvm.memory_backend")
                return std::string("hugepages");
            return false;
        };
        const Fragment fragment = plugin(context).compose({}, {}); // pinned at create
        CPPUNIT_ASSERT(
            (fragment.memory == MemoryBackend{"memory-backend-memfd",
                                              {{"share", "on"}, {"hugetlb", "on"}, {"prealloc", "on"}}}));
        CPPUNIT_ASSERT(fragment.items.empty());
    }

    void probesTheFirmwareOfTheSettings()
    {
        const auto verdictOf = [](const std::vector<ProbeCheck>& checks, const std::string& id) {
            const auto found =
                std::find_if(checks.begin(), checks.end(), [&](const auto& c) { return c.id == id; });
            CPPUNIT_ASSERT(found != checks.end());
            return *found;
        };
        const Plugin& p = plugin();
        VmFacts vm;
        vm.firmwareCode = "/no/such/OVMF_CODE.fd";
        vm.firmwareVarsSource = "/proc/self/exe";
        const auto checks = p.probe({}, &vm);
        CPPUNIT_ASSERT_EQUAL(std::size_t(3), checks.size());
        const ProbeCheck code = verdictOf(checks, "firmware.code");
        CPPUNIT_ASSERT(code.verdict == Verdict::Fail && code.blocks() && !code.hint.empty());
        CPPUNIT_ASSERT(code.message.find("/no/such/OVMF_CODE.fd") != std::string::npos);
        CPPUNIT_ASSERT(verdictOf(checks, "firmware.vars").verdict == Verdict::Pass);
        CPPUNIT_ASSERT(!verdictOf(checks, "kvm.device").blocks()); // TCG works without it
        for (const ProbeCheck& check : p.probe({}))
            CPPUNIT_ASSERT(!check.blocks());
    }

    void explainsQemusWords()
    {
        struct Row {
            const char* words; ///< as QEMU 7.2 and 10.2 print them: physmem.c, util/memfd.c
            const char* cause;
        };
        static constexpr Row rows[] = {
            {"qemu-system-x86_64: unable to map backing store for guest RAM: Cannot allocate memory\n",
             "too few huge pages"},
            {"qemu-system-x86_64: failed to create memfd with flags 0x10007: Invalid argument\n",
             "of the size asked for"},
            {"qemu-system-x86_64: can't open backing store /dev/hugepages for guest RAM: Permission denied\n",
             "file system of huge pages"},
        };
        const Plugin& p = plugin();
        for (const Row& row : rows) {
            const auto findings = p.diagnose({}, {256, "qemu", row.words, ""});
            CPPUNIT_ASSERT_MESSAGE(row.words, !findings.empty());
            CPPUNIT_ASSERT_MESSAGE(findings[0].cause, findings[0].cause.find(row.cause) != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(row.words,
                                   std::string(row.words).find(findings[0].quote) != std::string::npos &&
                                       !findings[0].quote.empty() && !findings[0].remedy.empty());
        }
        CPPUNIT_ASSERT(p.diagnose({}, {0, "qemu", "all is well\n", ""}).empty());
    }

    KeptLog kept_;
    Loaded loaded_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(PlainKvmTest);

} // namespace teehost::plugin::test
