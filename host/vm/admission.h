// SPDX-License-Identifier: Apache-2.0
//
// Whether the host has room for one more VM. What is decided here is decided on the io_context thread, in one
// step with the VM's place in the table, so that concurrent creates cannot overshoot.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/launch/vm_paths.h"
#include "host/plugin/diagnosis.h"
#include "host/plugin/fragment.h"
#include "host/settings/settings.h"

namespace teehost::vm {

/// What a VM takes of the host.
struct Demand {
    std::uint32_t vcpus = 0;
    std::uint64_t memoryBytes = 0;   ///< of the guest
    std::uint64_t hugePageBytes = 0; ///< what of it comes from huge pages
    std::uint64_t residentBytes = 0; ///< what its process has of the host's memory already
    std::string backend;
    bool started = false; ///< its QEMU exists, so that the platform counts it
};

/// What the host has now.
struct HostResources {
    std::uint64_t memoryAvailable = 0;                ///< MemAvailable of /proc/meminfo: without huge pages
    std::uint64_t hugePagesFree = 0;                  ///< bytes, of all sizes
    std::uint32_t cpus = 1;                           ///< this process may use (sched_getaffinity(2))
    std::uint64_t stateDiskFree = 0, logDiskFree = 0; ///< bytes
    std::uint64_t filesLeft = 0;                      ///< RLIMIT_NOFILE minus open descriptors
};

/// Reads /proc, /sys and the file systems. Well under a millisecond. Directories that cannot be looked at
/// count as empty.
[[nodiscard]] HostResources readHostResources(const launch::HostDirs& dirs);

/// Resident memory of a process in bytes (/proc/PID/statm); 0 when it is gone.
[[nodiscard]] std::uint64_t residentBytes(pid_t pid);

/// How much of a VM's memory comes from huge pages: all of it when the backend's memory says so.
[[nodiscard]] std::uint64_t hugePageBytes(const std::vector<plugin::Fragment>& fragments,
                                          std::uint64_t memoryBytes);

/// Bytes that the files of one VM may take, in the state and in the log directory.
struct DiskDemand {
    std::uint64_t state = 0, log = 0;
};
[[nodiscard]] DiskDemand diskDemand(const settings::Settings& settings);

/// Throws ResourceExhausted saying what is short, by how much, and what would help. `living`: the VMs that
/// count already; `capacities`: what the backend of `wanted` reports.
void requireRoom(const Demand& wanted, const DiskDemand& disk, const std::vector<Demand>& living,
                 const HostResources& host, const std::vector<plugin::Capacity>& capacities,
                 const settings::Settings& settings);

} // namespace teehost::vm
