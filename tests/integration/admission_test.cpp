// SPDX-License-Identifier: Apache-2.0
//
// A host takes what it has room for and no more, however many ask at once, and says what is short.
#include <atomic>
#include <csignal>
#include <fstream>
#include <set>
#include <thread>

#include <sys/resource.h>

#include <cppunit/extensions/HelperMacros.h>

#include "support/host_test.h"
#include "support/proc.h"
#include "support/qemu_wrapper.h"

namespace teehost::test {
namespace {

using grpc::StatusCode;

std::uint64_t memAvailableMiB()
{
    std::ifstream file("/proc/meminfo");
    std::string name, unit;
    std::uint64_t kib = 0;
    while (file >> name >> kib && name != "MemAvailable:")
        std::getline(file, unit);
    return kib / 1024;
}

class AdmissionTest final : public HostTest {
    CPPUNIT_TEST_SUITE(AdmissionTest);
    CPPUNIT_TEST(concurrentCreatesDoNotOvershoot);
    CPPUNIT_TEST(keepsMemoryForItself);
    CPPUNIT_TEST(countsPromisedMemory);
    CPPUNIT_TEST(limitsVcpus);
    CPPUNIT_TEST(needsSpaceForTheVmsFiles);
    CPPUNIT_TEST(countsTheVmsOfTheDaemonBefore);
    CPPUNIT_TEST(launchesAFewAtATime);
    CPPUNIT_TEST(triesAnotherPortUnnoticed);
    CPPUNIT_TEST(answersAgainOnceItHasDescriptors);
    CPPUNIT_TEST_SUITE_END();

    void startStandIns(const Settings& changes, const std::string& body = {})
    {
        startDaemon(with({{"qemu.bin_path", standInQemu(stage(), body)}}, changes));
    }

    grpc::Status tryCreate(std::uint64_t memoryMiB = 0, std::uint32_t vcpus = 0)
    {
        v1::CreateVmRequest request;
        if (memoryMiB != 0)
            request.set_memory_bytes(memoryMiB << 20);
        if (vcpus != 0)
            request.set_vcpus(vcpus);
        return client().call(&Host::CreateVm, request).status;
    }

    void removeAll()
    {
        for (const auto& vm : client().listVms())
            client().removeVm(vm.id());
        assertClean();
    }

    void concurrentCreatesDoNotOvershoot()
    {
        startStandIns({{"vm.max", "5"}});
        std::atomic<int> made{0}, refused{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 25; ++i)
            threads.emplace_back([&] {
                Client own(daemon().grpcAddress());
                const auto status = own.call(&Host::CreateVm, v1::CreateVmRequest()).status;
                made += status.ok();
                refused += status.error_code() == StatusCode::RESOURCE_EXHAUSTED;
            });
        for (auto& thread : threads)
            thread.join();
        CPPUNIT_ASSERT_EQUAL(5, made.load());
        CPPUNIT_ASSERT_EQUAL(20, refused.load());
        std::set<std::uint32_t> ports;
        for (const auto& vm : client().listVms())
            ports.insert(vm.agent_port());
        CPPUNIT_ASSERT_EQUAL(std::size_t{5}, ports.size());
        requireStatus(tryCreate(), StatusCode::RESOURCE_EXHAUSTED, "its limit is 5");
        removeAll();
        CPPUNIT_ASSERT(tryCreate().ok()); // the room is given back
        removeAll();
    }

    void keepsMemoryForItself()
    {
        const auto reserve = memAvailableMiB() * 2;
        startStandIns({{"vm.memory_reserve", std::to_string(reserve) + "M"}});
        const auto status = tryCreate();
        requireStatus(status, StatusCode::RESOURCE_EXHAUSTED, "more than there is");
        requireContains(status.error_message(), "kept back (vm.memory_reserve)");
        requireContains(status.error_message(), "ask for less memory");
        assertClean();
    }

    /// A VM that has not touched its memory yet will.
    void countsPromisedMemory()
    {
        const auto half = memAvailableMiB() * 6 / 20 * 2; // even, as QEMU wants it
        startStandIns({{"qemu.memory.max", std::to_string(half + 2) + "M"}, {"vm.memory_reserve", "0"}});
        const auto first = tryCreate(half);
        CPPUNIT_ASSERT_MESSAGE(first.error_message(), first.ok());
        requireStatus(tryCreate(half), StatusCode::RESOURCE_EXHAUSTED, "promised to VMs");
        removeAll();
        CPPUNIT_ASSERT(tryCreate(half).ok());
        removeAll();
    }

    void limitsVcpus()
    {
        startStandIns({{"vm.cpu_overcommit", "1"}, {"qemu.smp.maxcpus", "64"}});
        const auto cpus = std::thread::hardware_concurrency();
        CPPUNIT_ASSERT(tryCreate(0, cpus).ok());
        requireStatus(tryCreate(0, 1), StatusCode::RESOURCE_EXHAUSTED, "raise vm.cpu_overcommit");
        removeAll();
    }

    void needsSpaceForTheVmsFiles()
    {
        startStandIns({{"vm.console_limit", "1G"},
                       {"log.dir", "/dev/shm/" + stage().scratch.path().filename().string()}});
        // Two consoles of 1 GiB and a tenth: /dev/shm is a tmpfs, usually smaller or about as large.
        const auto space = std::filesystem::space("/dev/shm").available;
        const auto status = tryCreate();
        if (space < (std::uint64_t{2} << 30) * 11 / 10)
            requireStatus(status, StatusCode::RESOURCE_EXHAUSTED, "left in log.dir");
        else
            CPPUNIT_ASSERT_MESSAGE(status.error_message(), status.ok());
        removeAll();
        endDaemon();
        std::filesystem::remove_all("/dev/shm/" + stage().scratch.path().filename().string());
    }

    void countsTheVmsOfTheDaemonBefore()
    {
        startStandIns({{"vm.max", "2"}, {"vm.on_shutdown", "keep"}});
        CPPUNIT_ASSERT(tryCreate().ok());
        CPPUNIT_ASSERT(tryCreate().ok());
        crashDaemon();
        startAgain();
        requireStatus(tryCreate(), StatusCode::RESOURCE_EXHAUSTED, "its limit is 2");
        removeAll();
    }

    void launchesAFewAtATime()
    {
        // Each QEMU notes how many of its kind it sees before it goes on.
        startStandIns({{"vm.max_parallel_launches", "2"}, {"vm.max", "0"}},
                      "mkdir \"$dir/l.$$\"; ls -d \"$dir\"/l.* | wc -l >> \"$dir/seen\"; sleep 0.2; rmdir "
                      "\"$dir/l.$$\"");
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&] {
                Client own(daemon().grpcAddress());
                own.createVm();
            });
        for (auto& thread : threads)
            thread.join();
        std::istringstream seen(readFile(stage().scratch / "seen"));
        int most = 0, count = 0, lines = 0;
        while (seen >> count) {
            most = std::max(most, count);
            ++lines;
        }
        CPPUNIT_ASSERT_EQUAL(8, lines);
        CPPUNIT_ASSERT_EQUAL(2, most);
        removeAll();
    }

    static void limitFiles(pid_t pid, rlim_t files)
    {
        const rlimit limit{files, 4096};
        CPPUNIT_ASSERT_EQUAL(0, ::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr));
    }

    /// gRPC gives its listener up when it cannot accept; the daemon notices, and opens it again.
    void answersAgainOnceItHasDescriptors()
    {
        startStandIns({});
        const auto vm = client().createVm();
        const auto open =
            std::filesystem::directory_iterator("/proc/" + std::to_string(daemon().pid()) + "/fd");
        limitFiles(daemon().pid(), static_cast<rlim_t>(std::distance(open, {})));
        waitUntil("nobody new is answered", [&] {
            Client stranger(daemon().grpcAddress());
            return !stranger.call(&Host::ListVms, v1::ListVmsRequest(), std::chrono::seconds(1)).status.ok();
        });
        limitFiles(daemon().pid(), 4096);
        waitUntil("it answers again", [&] {
            Client stranger(daemon().grpcAddress());
            return stranger.call(&Host::ListVms, v1::ListVmsRequest(), std::chrono::seconds(1)).status.ok();
        });
        CPPUNIT_ASSERT_EQUAL(vm.pid(), client().waitForState(vm.id(), v1::VM_STATE_BOOTING).pid());
        removeAll();
    }

    /// Somebody takes the port after the daemon tested it and before QEMU binds it.
    void triesAnotherPortUnnoticed()
    {
        startStandIns({},
                      "[ -e \"$dir/taken\" ] || { : > \"$dir/taken\"; "
                      "qemu-system-x86_64 -machine none -S -nodefaults -display none -pidfile \"$dir/thief\" "
                      "-daemonize -netdev user,id=n,hostfwd=tcp:127.0.0.1:$port-:7002; }");
        const auto vm = client().createVm();
        std::size_t retries = 0;
        for (const auto& event : client().events(vm.id()))
            retries += event.kind() == "port-retry";
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, retries);
        const auto thief = static_cast<pid_t>(std::stol(readFile(stage().scratch / "thief")));
        sendSignal(thief, SIGKILL);
        waitUntil("the thief is gone",
                  [&] { return !exists(thief) || statusOf(thief, "State").starts_with("Z"); });
        removeAll();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AdmissionTest);

} // namespace
} // namespace teehost::test
