// SPDX-License-Identifier: Apache-2.0
#include "host/launch/launch_plan.h"

#include <algorithm>

#include <cppunit/extensions/HelperMacros.h>

#include "host/base/error.h"
#include "host/base/helper_process.h"
#include "host/launch/qemu_args.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::launch {
namespace {

using namespace std::chrono_literals;
using plugin::Fragment;

class LaunchPlanTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LaunchPlanTest);
    CPPUNIT_TEST(composesTheDefaultMachine);
    CPPUNIT_TEST(readsTheHostsNodes);
    CPPUNIT_TEST(oneNodeUnlessTheVmIsLarger);
    CPPUNIT_TEST(guestNodesFollowTheHosts);
    CPPUNIT_TEST(qemuTakesEveryTopology);
    CPPUNIT_TEST(fragmentsOfSeveralPluginsMerge);
    CPPUNIT_TEST(contradictionsNameBothPlugins);
    CPPUNIT_TEST(theHostsOwnIdsAreTaken);
    CPPUNIT_TEST(bootsFromADisk);
    CPPUNIT_TEST(passesAGpuThrough);
    CPPUNIT_TEST(aCommaInAPathStaysInIt);
    CPPUNIT_TEST_SUITE_END();

    ScratchDir dir_;

    struct Made {
        LaunchPlan plan;
        VmSpec spec;
    };

    Made make(std::vector<std::string> overrides = {}, const std::vector<Fragment>& fragments = {},
              HostTopology topology = {{4}}, std::uint32_t vcpus = 4)
    {
        const auto settings = hostSettings(dir_, std::move(overrides));
        VmSpec spec;
        spec.accel = "tcg";
        spec.vcpus = vcpus;
        spec.maxVcpus = std::max(vcpus, 64u);
        spec.memoryBytes = 2048ull << 20;
        spec.kernel = "/k";
        spec.initrd = "/i";
        spec.cmdline = "quiet a,b";
        const PlanContext context{settings,
                                  std::move(topology),
                                  "/usr/bin/qemu-system-x86_64",
                                  "7.2.22",
                                  "01234567-0000-4000-8000-000000000000",
                                  6100,
                                  false};
        const VmPaths paths({"/state", "/run/teehost", "/log"}, spec.id);
        return {makePlan(spec, paths, context, fragments), spec};
    }

    static bool has(const LaunchPlan& plan, const std::string& option, const std::string& value)
    {
        for (std::size_t i = 0; i + 1 < plan.argv.size(); ++i)
            if (plan.argv[i] == option && plan.argv[i + 1] == value)
                return true;
        return false;
    }

    static Fragment fragment(const std::string& plugin)
    {
        Fragment out;
        out.plugin = plugin;
        return out;
    }

    void composesTheDefaultMachine()
    {
        const auto [plan, spec] = make();
        const auto id = spec.id.text();
        const std::pair<std::string, std::string> expected[] = {
            {"-name", "guest=teehost-01234567-0000-4000-8000-000000000000-" + id},
            {"-uuid", id},
            {"-machine", "q35,memory-backend=ram1"},
            {"-accel", "tcg,thread=multi"},
            {"-cpu", "EPYC"},
            {"-smp", "cpus=4,maxcpus=64"},
            {"-m", "size=2048M,slots=5,maxmem=30720M"},
            {"-object", "memory-backend-ram,id=ram1,size=2147483648"},
            {"-kernel", "/k"},
            {"-initrd", "/i"},
            {"-append", "quiet a,b"},
            {"-netdev", "user,id=vmnic,hostfwd=tcp:127.0.0.1:6100-:7002"},
            {"-device",
             "virtio-net-pci,disable-legacy=on,iommu_platform=true,netdev=vmnic,addr=0x2,romfile="},
            {"-fsdev",
             "local,id=env_share_dev,path=/run/teehost/vm/" + id + "/env,security_model=none,readonly=on"},
            {"-chardev", "socket,id=qmp0,fd=0,server=on,wait=off"},
            {"-monitor", "none"},
            {"-display", "none"},
            {"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"},
        };
        for (const auto& [option, value] : expected)
            CPPUNIT_ASSERT_MESSAGE(option + " " + value, has(plan, option, value));
        for (const std::string flag : {"-nodefaults", "-no-reboot", "-no-user-config"})
            CPPUNIT_ASSERT_MESSAGE(flag,
                                   std::find(plan.argv.begin(), plan.argv.end(), flag) != plan.argv.end());
        CPPUNIT_ASSERT(std::find(plan.argv.begin(), plan.argv.end(), "-numa") == plan.argv.end());
    }

    void readsTheHostsNodes()
    {
        for (const auto& [node, list] :
             {std::pair{"node0", "0-3,8-11"}, std::pair{"node1", "4-7"}, std::pair{"node2", ""}}) {
            std::filesystem::create_directories(dir_.path() / "node" / node);
            std::ofstream(dir_.path() / "node" / node / "cpulist") << list << "\n";
        }
        auto nodes = readHostTopology((dir_.path() / "node").string()).cpusPerNode;
        std::sort(nodes.begin(), nodes.end());
        CPPUNIT_ASSERT((std::vector<std::uint32_t>{4, 8}) == nodes); // node2 has memory only
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, readHostTopology("/no/such").cpusPerNode.size());
    }

    void oneNodeUnlessTheVmIsLarger()
    {
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, guestNodes({{8, 8}}, 8, 64, 1 << 30).size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, guestNodes({{8}}, 64, 64, 1 << 30).size());
    }

    void guestNodesFollowTheHosts()
    {
        const auto nodes = guestNodes({{8, 8, 8, 8}}, 12, 16, (1u << 30) + (2u << 20));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, nodes.size());
        CPPUNIT_ASSERT((std::vector<CpuRange>{{0, 5}, {12, 13}}) == nodes[0].cpus);
        CPPUNIT_ASSERT((std::vector<CpuRange>{{6, 11}, {14, 15}}) == nodes[1].cpus);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{(1u << 30) + (2u << 20)},
                             nodes[0].memoryBytes + nodes[1].memoryBytes);
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, guestNodes({{8, 8, 8, 8}}, 64, 64, 1 << 30).size());
    }

    /// The machine alone, started and ended at once by the real QEMU: it would refuse a bad NUMA layout.
    void qemuTakesEveryTopology()
    {
        for (const std::uint32_t vcpus : {1u, 4u, 5u, 9u, 13u}) {
            const auto [plan, spec] = make({}, {}, {{4, 4, 4}}, vcpus);
            std::vector<std::string> argv{"qemu-system-x86_64", "-nodefaults", "-display", "none", "-S",
                                          "-monitor",           "stdio"};
            for (std::size_t i = 1; i + 1 < plan.argv.size(); ++i)
                for (const std::string option : {"-machine", "-accel", "-smp", "-m", "-object", "-numa"})
                    if (plan.argv[i] == option)
                        argv.insert(argv.end(), {option, plan.argv[i + 1]});
            const auto result = runHelper({"sh", "-c", "echo quit | " + shellCommand(argv)}, 60s);
            CPPUNIT_ASSERT_MESSAGE(std::to_string(vcpus) + " vCPUs: " + result.output, result.ok());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(result.output, std::string::npos, result.output.find("warning"));
        }
    }

    void fragmentsOfSeveralPluginsMerge()
    {
        auto a = fragment("a");
        a.machine = {{"hpet", "off"}, {"vmport", "off"}};
        a.memory = plugin::MemoryBackend{"memory-backend-memfd", {{"share", "on"}}};
        a.items = {plugin::Item{"object", "rng-random", "rng0", {}},
                   plugin::JsonItem{"object", R"({"qom-type":"x","id":"j"})"}};
        auto b = fragment("b");
        b.machine = {{"hpet", "off"}};
        b.items = {plugin::Item{"device", "tpm-crb", "", {{"tpmdev", "t"}}}};
        b.raw = {"-foo"};
        const auto [plan, spec] = make({}, {a, b});
        CPPUNIT_ASSERT(has(plan, "-machine", "q35,memory-backend=ram1,hpet=off,vmport=off"));
        CPPUNIT_ASSERT(has(plan, "-object", "memory-backend-memfd,id=ram1,size=2147483648,share=on"));
        CPPUNIT_ASSERT(has(plan, "-object", "rng-random,id=rng0"));
        CPPUNIT_ASSERT(has(plan, "-object", R"({"id":"j","qom-type":"x"})"));
        CPPUNIT_ASSERT(has(plan, "-device", "tpm-crb,tpmdev=t"));
        CPPUNIT_ASSERT_EQUAL(std::string("-foo"), plan.argv.back());
    }

    void refuses(const Fragment& a, const Fragment& b, const std::string& words)
    {
        try {
            make({}, {a, b});
            CPPUNIT_FAIL("accepted: " + words);
        } catch (const Error& error) {
            CPPUNIT_ASSERT(error.category() == Category::AlreadyExists);
            CPPUNIT_ASSERT_MESSAGE(error.what(), std::string(error.what()).find(words) != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(error.what(),
                                   std::string(error.what()).find("plugin b") != std::string::npos);
        }
    }

    void contradictionsNameBothPlugins()
    {
        auto a = fragment("a");
        auto b = fragment("b");
        a.machine = {{"hpet", "off"}};
        b.machine = {{"hpet", "on"}};
        refuses(a, b, "but plugin a wants off");
        a = fragment("a");
        b = fragment("b");
        a.items = {plugin::Item{"object", "x", "same", {}}};
        b.items = {plugin::JsonItem{"object", R"({"qom-type":"y","id":"same"})"}};
        refuses(a, b, "-object id same, which a has already set");
        // QEMU tells block devices apart by node-name; an "id" in there is a member of the driver's own.
        a = fragment("a");
        b = fragment("b");
        a.items = {plugin::Item{"blockdev", "null-co", "disk0", {}}};
        b.items = {plugin::JsonItem{"blockdev", R"({"driver":"null-co","node-name":"disk0"})"}};
        refuses(a, b, "-blockdev node-name disk0, which a has already set");
        b.items = {plugin::JsonItem{"blockdev", R"({"driver":"null-co","node-name":"disk1","id":"disk0"})"}};
        CPPUNIT_ASSERT(has(make({}, {a, b}).plan, "-blockdev", "null-co,node-name=disk0"));
        a = fragment("a");
        b = fragment("b");
        a.memory = b.memory = plugin::MemoryBackend{"memory-backend-ram", {}};
        refuses(a, b, "the memory backend");
        a = fragment("a");
        b = fragment("b");
        a.sidecars.resize(1);
        a.sidecars[0].name = "swtpm";
        b.sidecars = a.sidecars;
        refuses(a, b, "the sidecar swtpm");
    }

    void theHostsOwnIdsAreTaken()
    {
        for (const auto& [option, id] :
             {std::pair{"chardev", "qmp0"}, std::pair{"netdev", "vmnic"}, std::pair{"object", "ram1"}}) {
            auto a = fragment("a");
            a.items = {plugin::Item{option, "x", id, {}}};
            CPPUNIT_ASSERT_THROW_MESSAGE(id, make({}, {a}), Error);
        }
    }

    void bootsFromADisk()
    {
        const auto [plan, spec] = make({"qemu.disk.enable=true"});
        CPPUNIT_ASSERT(has(plan, "-drive",
                           "file=/state/vm/" + spec.id.text() + "/disk.img,if=none,id=disk0,format=qcow2"));
        CPPUNIT_ASSERT(std::find(plan.argv.begin(), plan.argv.end(), "-kernel") == plan.argv.end());
    }

    void passesAGpuThrough()
    {
        const auto [plan, spec] = make({"qemu.gpu.bdf=0000:41:00.0"});
        CPPUNIT_ASSERT(has(plan, "-device", "pcie-root-port,id=pci.1,bus=pcie.0"));
        CPPUNIT_ASSERT(has(plan, "-device", "vfio-pci,host=0000:41:00.0,bus=pci.1"));
        CPPUNIT_ASSERT(has(plan, "-fw_cfg", "name=opt/ovmf/X-PciMmio64Mb,string=262144"));
        CPPUNIT_ASSERT(plan.lockMemory);
    }

    void aCommaInAPathStaysInIt()
    {
        auto a = fragment("a");
        a.firmware = {{plugin::Firmware::Kind::Code, "/fw,readonly=off"}};
        const auto [plan, spec] = make({}, {a});
        CPPUNIT_ASSERT(has(plan, "-drive", "if=pflash,format=raw,unit=0,file=/fw,,readonly=off,readonly=on"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(LaunchPlanTest);

} // namespace
} // namespace teehost::launch
