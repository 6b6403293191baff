// SPDX-License-Identifier: Apache-2.0
#include <cppunit/extensions/HelperMacros.h>

#include "host/base/error.h"
#include "host/vm/admission.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::vm {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kGiB = kMiB << 10;

class AdmissionTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AdmissionTest);
    CPPUNIT_TEST(aVmCountsWithWhatItHasNotTakenYet);
    CPPUNIT_TEST(hugePagesAreCountedApart);
    CPPUNIT_TEST(vcpusMayBeOvercommitted);
    CPPUNIT_TEST(filesNeedSpace);
    CPPUNIT_TEST(thePlatformsSlotsAreCounted);
    CPPUNIT_TEST(descriptorsAreKeptBack);
    CPPUNIT_TEST(readsThisHost);
    CPPUNIT_TEST(seesHugePagesInAFragment);
    CPPUNIT_TEST_SUITE_END();

    static HostResources roomy() { return {100 * kGiB, 0, 16, 100 * kGiB, 100 * kGiB, 1000}; }

    static Demand vm(std::uint64_t memory, std::uint64_t resident = 0)
    {
        Demand demand;
        demand.vcpus = 1;
        demand.memoryBytes = memory;
        demand.residentBytes = resident;
        demand.backend = "b";
        demand.started = resident != 0;
        return demand;
    }

    /// The refusal, or nothing.
    std::string verdict(const Demand& wanted, const std::vector<Demand>& living, const HostResources& host,
                        const std::vector<plugin::Capacity>& capacities = {}, const DiskDemand& disk = {})
    {
        try {
            requireRoom(wanted, disk, living, host, capacities, settings_);
        } catch (const Error& error) {
            CPPUNIT_ASSERT(error.category() == Category::ResourceExhausted);
            CPPUNIT_ASSERT(!error.hint().empty());
            return error.what();
        }
        return {};
    }

    static void requireWords(const std::string& text, const std::string& words)
    {
        CPPUNIT_ASSERT_MESSAGE(text, text.find(words) != std::string::npos);
    }

    void aVmCountsWithWhatItHasNotTakenYet()
    {
        auto host = roomy();
        host.memoryAvailable = 10 * kGiB;
        // 8 GiB, QEMU's own 256 MiB and a 64th, and the reserve of 512 MiB.
        CPPUNIT_ASSERT_EQUAL(std::string(), verdict(vm(8 * kGiB), {}, host));
        requireWords(verdict(vm(8 * kGiB), {vm(2 * kGiB)}, host), "more than there is");
        CPPUNIT_ASSERT_EQUAL(std::string(), verdict(vm(8 * kGiB), {vm(2 * kGiB, 3 * kGiB)}, host));
        requireWords(verdict(vm(10 * kGiB), {}, host), "the VM would take 10656 MiB of memory, 928 MiB more");
    }

    void hugePagesAreCountedApart()
    {
        auto host = roomy();
        host.memoryAvailable = 2 * kGiB;
        host.hugePagesFree = 16 * kGiB;
        Demand wanted = vm(12 * kGiB);
        wanted.hugePageBytes = 12 * kGiB;
        CPPUNIT_ASSERT_EQUAL(std::string(), verdict(wanted, {}, host));
        Demand starting = vm(8 * kGiB);
        starting.hugePageBytes = 8 * kGiB;
        requireWords(verdict(wanted, {starting}, host), "the host has 8192 MiB left");
        starting.started = true; // its pages are gone from what is free
        host.memoryAvailable = 4 * kGiB;
        CPPUNIT_ASSERT_EQUAL(std::string(), verdict(wanted, {starting}, host));
    }

    void vcpusMayBeOvercommitted()
    {
        auto host = roomy();
        host.cpus = 2;
        Demand wanted = vm(kMiB);
        wanted.vcpus = 16;
        CPPUNIT_ASSERT_EQUAL(std::string(), verdict(wanted, {}, host)); // eight a CPU
        requireWords(verdict(wanted, {vm(kMiB)}, host), "VMs have 1 of the 16 that 2 CPUs may carry");
    }

    void filesNeedSpace()
    {
        auto host = roomy();
        host.stateDiskFree = kGiB;
        CPPUNIT_ASSERT_EQUAL(std::string(), verdict(vm(kMiB), {}, host, {}, {900 * kMiB, 0}));
        requireWords(verdict(vm(kMiB), {}, host, {}, {kGiB, 0}), "only 1024 MiB left in state.dir");
        requireWords(verdict(vm(kMiB), {}, host, {}, {0, 200 * kGiB}), "left in log.dir");
    }

    void thePlatformsSlotsAreCounted()
    {
        const auto host = roomy();
        const plugin::Capacity known{"SEV-SNP ASIDs", 3, 2, 1};
        CPPUNIT_ASSERT_EQUAL(std::string(), verdict(vm(kMiB), {vm(kMiB, 1), vm(kMiB, 1)}, host, {known}));
        // One that has not started is not in the platform's count yet.
        requireWords(verdict(vm(kMiB), {vm(kMiB, 1), vm(kMiB)}, host, {known}),
                     "has 3 SEV-SNP ASIDs, 3 are taken");
        const plugin::Capacity unknown{"keys", 2, std::nullopt, 1};
        CPPUNIT_ASSERT_EQUAL(std::string(), verdict(vm(kMiB), {vm(kMiB, 1)}, host, {unknown}));
        requireWords(verdict(vm(kMiB), {vm(kMiB, 1), vm(kMiB)}, host, {unknown}), "2 are taken");
        auto other = vm(kMiB);
        other.backend = "another";
        CPPUNIT_ASSERT_EQUAL(std::string(), verdict(vm(kMiB), {other, other}, host, {unknown}));
    }

    void descriptorsAreKeptBack()
    {
        auto host = roomy();
        host.filesLeft = 63;
        requireWords(verdict(vm(kMiB), {}, host), "only 63 file descriptors left");
    }

    void readsThisHost()
    {
        const auto host = readHostResources({"/tmp", "/tmp", "/nonexistent"});
        CPPUNIT_ASSERT(host.memoryAvailable > kMiB && host.cpus >= 1 && host.filesLeft > 0);
        CPPUNIT_ASSERT(host.stateDiskFree > 0);
        CPPUNIT_ASSERT_MESSAGE("a directory that vanished is no full disk", host.logDiskFree > 0);
        CPPUNIT_ASSERT(residentBytes(::getpid()) > kMiB);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, residentBytes(1 << 29));
    }

    void seesHugePagesInAFragment()
    {
        plugin::Fragment fragment;
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, hugePageBytes({fragment}, kGiB));
        fragment.memory = plugin::MemoryBackend{"memory-backend-memfd", {{"hugetlb", "on"}}};
        CPPUNIT_ASSERT_EQUAL(kGiB, hugePageBytes({plugin::Fragment(), fragment}, kGiB));
        fragment.memory = plugin::MemoryBackend{"memory-backend-file", {{"mem-path", "/dev/hugepages"}}};
        CPPUNIT_ASSERT_EQUAL(kGiB, hugePageBytes({fragment}, kGiB));
    }

    const launch::ScratchDir dir_;
    const settings::Settings settings_ = launch::hostSettings(dir_, {"vm.max=0"});
};

CPPUNIT_TEST_SUITE_REGISTRATION(AdmissionTest);

} // namespace
} // namespace teehost::vm
