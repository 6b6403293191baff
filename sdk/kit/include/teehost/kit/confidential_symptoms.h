// SPDX-License-Identifier: Apache-2.0
//
// Words of QEMU and of the kernel that say the same to every backend of confidential VMs, each written once.
// A backend gives the names: what its VMs are called, and which option holds the firmware.
//
//     constexpr auto kShared = confidentialSymptoms({.vmType = "vm-type *tdx* not supported by KVM", ...});
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include <teehost/kit/symptom.h>

namespace teehost::kit {

struct ConfidentialNames {
    std::string_view noQemuObject;  ///< words of a QEMU that does not know the backend's object
    std::string_view qemuTooOld;    ///< cause: which QEMU knows it
    std::string_view newerQemu;     ///< remedy
    std::string_view noQemuSupport; ///< words of a QEMU that knows the object's name and was built without it
    std::string_view vmType;        ///< words of a KVM without such VMs: "-type *tdx* not supported by KVM"
    std::string_view noSuchVms;     ///< cause
    std::string_view enableKvm;     ///< remedy: kernel, module, its parameter
    std::string_view wholeFirmware; ///< remedy: what the backend's firmware option must name
    std::string_view firmwareByBios; ///< remedy: the backend passes the firmware with -bios
};

/// Sources: QEMU 9.1 to 10.2, accel/kvm/kvm-all.c, target/i386/kvm/kvm.c, hw/i386/pc_sysfw.c, hw/i386/x86*.c,
/// system/physmem.c; the words of vm types also from older trees of AMD and Intel.
constexpr std::array<Symptom, 11> confidentialSymptoms(const ConfidentialNames& names)
{
    return {
        Symptom{names.noQemuObject, 98, names.qemuTooOld, names.newerQemu},
        Symptom{names.noQemuSupport, 98, names.qemuTooOld, names.newerQemu},
        Symptom{names.vmType, 90, names.noSuchVms, names.enableKvm}, // the kernel's log may say why
        Symptom{"KVM does not support guest_memfd", 90, "KVM has no private memory for guests.",
                names.enableKvm},
        Symptom{"Error creating KVM guest_memfd*Cannot allocate memory", 92,
                "The host has not enough memory for the VM's private memory.",
                "Give the VM less memory, or stop others."},
        Symptom{"Error creating KVM guest_memfd", 80, "KVM could not make the VM's private memory.",
                names.enableKvm},
        Symptom{"cannot set up private guest memory*discard currently blocked", 92,
                "Memory of the VM is pinned, by a device of the host that it is given for instance.",
                "Take the device away from the VM, or give it through iommufd."},
        Symptom{"failed to set memory*attr", 88, "KVM could not make memory of the VM private.",
                "See the kernel's log; use a QEMU and a kernel of the same age, both upstream or both of one "
                "vendor."},
        Symptom{
            "Convert non guest_memfd backed memory region", 80,
            "The guest wants memory private that is only shared, mostly a device's.",
            "Give the guest a newer firmware and kernel, and a QEMU of the same age as the host's kernel."},
        Symptom{"pflash with kvm requires KVM readonly memory support", kOneReading,
                "The firmware is given as flash, which confidential VMs cannot have.", names.firmwareByBios},
        Symptom{"could not load PC BIOS", 90, "The firmware is missing, cannot be read, or has an odd size.",
                names.wholeFirmware},
    };
}

/// One table of two, `first` before `then`.
template <std::size_t First, std::size_t Then>
constexpr std::array<Symptom, First + Then> joined(const std::array<Symptom, First>& first,
                                                   const std::array<Symptom, Then>& then)
{
    std::array<Symptom, First + Then> all{};
    std::copy(first.begin(), first.end(), all.begin());
    std::copy(then.begin(), then.end(), all.begin() + First);
    return all;
}

} // namespace teehost::kit
