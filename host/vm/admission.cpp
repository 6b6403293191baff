// SPDX-License-Identifier: Apache-2.0
#include "host/vm/admission.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <limits>

#include <sched.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/base/fault_point.h"
#include "host/base/text.h"

namespace teehost::vm {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kOverhead = 256 * kMiB;   // QEMU itself, beside the guest's memory
constexpr std::uint64_t kOverheadFraction = 64;   // and page tables and the like, by the guest's size
constexpr std::uint64_t kFilesKept = 64;          // descriptors left for everything but VMs
constexpr std::uint64_t kDiskGrowth = 1ULL << 30; // what launching adds to a copied disk image

std::uint64_t overheadOf(std::uint64_t memoryBytes) { return kOverhead + memoryBytes / kOverheadFraction; }

/// Memory of the host that this VM will still take.
std::uint64_t outstanding(const Demand& vm)
{
    const std::uint64_t all = vm.memoryBytes - vm.hugePageBytes + overheadOf(vm.memoryBytes);
    return all > vm.residentBytes ? all - vm.residentBytes : 0;
}

std::uint64_t memAvailable()
{
    // Tests with a hundred VMs that never touch their memory; the number is in GiB.
    if (const int pretended = faultPoint("host-memory"); pretended != 0)
        return static_cast<std::uint64_t>(pretended) << 30;
    std::ifstream file("/proc/meminfo");
    std::string name, unit;
    std::uint64_t kib = 0;
    while (file >> name >> kib) {
        if (name == "MemAvailable:")
            return kib * 1024;
        std::getline(file, unit);
    }
    return 0;
}

std::uint64_t readNumber(const fs::path& path)
{
    std::ifstream file(path);
    std::uint64_t value = 0;
    file >> value;
    return value;
}

std::uint64_t hugePagesFree()
{
    std::uint64_t bytes = 0;
    std::error_code error;
    for (const auto& size : fs::directory_iterator("/sys/kernel/mm/hugepages", error)) {
        const auto name = size.path().filename().string(); // hugepages-2048kB
        const auto digits = name.find_first_of("0123456789");
        if (digits != std::string::npos)
            bytes += std::strtoull(name.c_str() + digits, nullptr, 10) * 1024 *
                     readNumber(size.path() / "free_hugepages");
    }
    return bytes;
}

/// The room of a directory; of one that vanished, the room that it will have once it is made again.
std::uint64_t diskFree(fs::path path)
{
    struct statvfs status {};
    while (::statvfs(path.c_str(), &status) != 0) {
        if (errno != ENOENT || !path.has_relative_path())
            return std::numeric_limits<std::uint64_t>::max(); // not known; the create itself will say more
        path = path.parent_path();
    }
    return std::uint64_t{status.f_bavail} * status.f_frsize;
}

std::uint32_t usableCpus()
{
    cpu_set_t set;
    return ::sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<std::uint32_t>(CPU_COUNT(&set)) : 1;
}

std::uint64_t filesLeft()
{
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    std::error_code error;
    const auto open = static_cast<std::uint64_t>(
        std::distance(fs::directory_iterator("/proc/self/fd", error), fs::directory_iterator()));
    return limit.rlim_cur > open ? limit.rlim_cur - open : 0;
}

[[noreturn]] void refuse(const std::string& what, const std::string& remedy)
{
    throw Error(Category::ResourceExhausted, what, remedy);
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes / kMiB) + " MiB"; }

void requireMemory(const Demand& wanted, const std::vector<Demand>& living, const HostResources& host,
                   std::uint64_t reserve)
{
    std::uint64_t promised = 0;
    for (const auto& vm : living)
        promised += outstanding(vm);
    const std::uint64_t needed = outstanding(wanted);
    const std::uint64_t taken = promised + reserve;
    const std::uint64_t free = host.memoryAvailable > taken ? host.memoryAvailable - taken : 0;
    if (needed <= free)
        return;
    refuse("the VM would take " + mebibytes(needed) + " of memory, " + mebibytes(needed - free) +
               " more than there is: the host has " + mebibytes(host.memoryAvailable) + " available, " +
               mebibytes(promised) + " of it promised to VMs that have not used it yet, " +
               mebibytes(reserve) + " kept back (vm.memory_reserve)",
           "ask for less memory, or remove other VMs");
}

void requireHugePages(const Demand& wanted, const std::vector<Demand>& living, const HostResources& host)
{
    std::uint64_t promised = 0;
    for (const auto& vm : living)
        promised += vm.started ? 0 : vm.hugePageBytes;
    const std::uint64_t free = host.hugePagesFree > promised ? host.hugePagesFree - promised : 0;
    if (wanted.hugePageBytes > free)
        refuse("the VM needs " + mebibytes(wanted.hugePageBytes) + " of huge pages, the host has " +
                   mebibytes(free) + " left",
               "reserve more (sysctl vm.nr_hugepages), ask for less memory, or remove other VMs");
}

void requireCpus(const Demand& wanted, const std::vector<Demand>& living, const HostResources& host,
                 std::uint64_t overcommit)
{
    std::uint64_t used = 0;
    for (const auto& vm : living)
        used += vm.vcpus;
    const std::uint64_t limit = overcommit * host.cpus;
    if (overcommit > 0 && used + wanted.vcpus > limit)
        refuse("the VM wants " + std::to_string(wanted.vcpus) + " vCPUs, but VMs have " +
                   std::to_string(used) + " of the " + std::to_string(limit) + " that " +
                   std::to_string(host.cpus) + " CPUs may carry",
               "ask for fewer vCPUs, remove other VMs, or raise vm.cpu_overcommit");
}

void requireDisk(const char* what, std::uint64_t needed, std::uint64_t free, const char* option)
{
    const std::uint64_t wanted = needed + needed / 10;
    if (wanted > free)
        refuse("the VM's " + std::string(what) + " may take " + mebibytes(wanted) + ", but there are only " +
                   mebibytes(free) + " left in " + option,
               std::string("make space there, or move ") + option);
}

void requireCapacity(const Demand& wanted, const std::vector<Demand>& living,
                     const std::vector<plugin::Capacity>& capacities)
{
    for (const auto& capacity : capacities) {
        // The platform counts what has started; what has not is counted here. Without its count, all of ours.
        const auto ours = std::count_if(living.begin(), living.end(), [&](const Demand& vm) {
            return vm.backend == wanted.backend && !(capacity.inUse && vm.started);
        });
        const std::uint64_t used =
            capacity.inUse.value_or(0) + static_cast<std::uint64_t>(ours) * capacity.perVm;
        if (used + capacity.perVm > capacity.total)
            refuse("the platform has " + std::to_string(capacity.total) + " " + printable(capacity.resource) +
                       ", " + std::to_string(used) + " are taken and a VM needs " +
                       std::to_string(capacity.perVm),
                   "remove other confidential VMs of this host; their slots come back when they have ended");
    }
}

} // namespace

HostResources readHostResources(const launch::HostDirs& dirs)
{
    return {memAvailable(),       hugePagesFree(),    usableCpus(),
            diskFree(dirs.state), diskFree(dirs.log), filesLeft()};
}

std::uint64_t residentBytes(pid_t pid)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    file >> total >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t hugePageBytes(const std::vector<plugin::Fragment>& fragments, std::uint64_t memoryBytes)
{
    for (const auto& fragment : fragments) {
        if (!fragment.memory)
            continue;
        for (const auto& property : fragment.memory->properties)
            if ((property.key == "hugetlb" && property.value == "on") ||
                (property.key == "mem-path" && property.value.find("huge") != std::string::npos))
                return memoryBytes;
    }
    return 0;
}

DiskDemand diskDemand(const settings::Settings& settings)
{
    DiskDemand demand;
    std::error_code missing;
    const auto sizeOf = [&](const std::string& path) {
        const auto size = path.starts_with('/') ? fs::file_size(path, missing) : 0;
        return missing ? 0 : size;
    };
    demand.state = sizeOf(settings.text("ovmf.vars.file"));
    if (settings.flag("qemu.disk.enable"))
        demand.state += sizeOf(settings.text("qemu.disk.source")) + kDiskGrowth;
    demand.log = 2 * settings.number("vm.console_limit"); // the console log and the one it was moved to
    return demand;
}

void requireRoom(const Demand& wanted, const DiskDemand& disk, const std::vector<Demand>& living,
                 const HostResources& host, const std::vector<plugin::Capacity>& capacities,
                 const settings::Settings& settings)
{
    const auto limit = settings.number("vm.max");
    if (limit != 0 && living.size() >= limit)
        refuse("this host already has " + std::to_string(living.size()) + " VMs, its limit is " +
                   std::to_string(limit),
               "remove a VM, or raise vm.max (MANAGER_MAX_VMS)");
    requireCpus(wanted, living, host, settings.number("vm.cpu_overcommit"));
    requireHugePages(wanted, living, host);
    requireMemory(wanted, living, host, settings.number("vm.memory_reserve"));
    requireDisk("firmware and disk", disk.state, host.stateDiskFree, "state.dir");
    requireDisk("logs", disk.log, host.logDiskFree, "log.dir");
    requireCapacity(wanted, living, capacities);
    if (host.filesLeft < kFilesKept || faultPoint("admit-files") != 0)
        refuse("the daemon has only " + std::to_string(host.filesLeft) + " file descriptors left",
               "raise its limit (LimitNOFILE= of the unit)");
}

} // namespace teehost::vm
