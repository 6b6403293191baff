// SPDX-License-Identifier: Apache-2.0
//
// What a VM is, before any TEE says how: the request of compose and measure. Owning mirror of th_vm_spec
// (plugin.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace teehost::plugin {

struct VmFacts {
    std::string vmId;   ///< UUID
    std::string runDir; ///< absolute, 0700, private to this VM, exists while composing for a launch
    std::uint32_t vcpus = 1;
    std::uint32_t maxVcpus = 1;
    std::uint32_t guestCid = 0; ///< vsock; 0 = none
    std::uint64_t memoryBytes = 0;
    std::uint64_t maxMemoryBytes = 0; ///< with memory that could be plugged into the slots
    std::uint32_t memorySlots = 0;
    std::string qemuBinary;
    std::string qemuVersion;        ///< "7.2.22"; empty if unknown
    std::string accel;              ///< "kvm" or "tcg"
    std::string machine;            ///< "q35"
    std::string cpu;                ///< "EPYC"
    std::string firmwareCode;       ///< path; empty = none, like all paths below
    std::string firmwareVars;       ///< the VM's private copy, made by the host before QEMU starts
    std::string firmwareVarsSource; ///< what that copy is made from
    std::string igvm;
    std::string kernel;
    std::string initrd;
    std::string cmdline;                    ///< kernel command line, byte for byte
    std::vector<std::uint8_t> hostData;     ///< the request's binding data; empty = none
    std::vector<std::uint8_t> configDigest; ///< config_digest.h of host/launch; empty = unknown
    bool confidential = false;              ///< its backend protects it from the host
};

} // namespace teehost::plugin
