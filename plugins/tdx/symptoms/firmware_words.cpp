// SPDX-License-Identifier: Apache-2.0
//
// Sources: QEMU 10.1 and 10.2, hw/i386/tdvf.c (the parser of the metadata), hw/i386/pc_sysfw.c (its caller),
// and target/i386/kvm/tdx.c (what becomes of the sections).
#include <array>

#include "tdx/symptoms/symptoms.h"

namespace teehost::tdx {
namespace {

using kit::Symptom;

constexpr std::string_view kNotForTdx = "The firmware is not built for TDX.";
constexpr std::string_view kDamaged =
    "The firmware's TDX metadata are damaged, or made for another hypervisor.";
constexpr std::string_view kSections = "The firmware's sections do not fit the VM's memory, or overlap.";
constexpr std::string_view kWholeImage = "Set tdx.firmware to one flat OVMF image built for TDX (Debian: "
                                         "/usr/share/ovmf/OVMF.fd), not to an OVMF_CODE "
                                         "file; td-shim and MigTD images do not boot under QEMU.";
constexpr std::string_view kMoreMemory =
    "Give the VM more memory; else set tdx.firmware to an OVMF built for QEMU.";

constexpr std::array kSymptoms{
    Symptom{"Cannot find TDX_METADATA_OFFSET_GUID", 96, kNotForTdx, kWholeImage},
    Symptom{"Invalid TDVF signature in metadata", 96, kNotForTdx, kWholeImage},
    Symptom{"Broken metadata RawDataSize", 96, kDamaged, kWholeImage},
    Symptom{"MemoryAddress * not page aligned", 96, kDamaged, kWholeImage},
    Symptom{"MemoryDataSize * not page aligned", 96, kDamaged, kWholeImage},
    Symptom{"section with RawDataSize", 96, kDamaged, kWholeImage},
    Symptom{"TDVF contains unsupported section type", 96, kDamaged, kWholeImage},
    Symptom{"Invalid number of fw entries", 96, kDamaged, kWholeImage},
    Symptom{"TDVF metadata len * mismatch", 96, kDamaged, kWholeImage},
    Symptom{"TDVF metadata doesn't specify TD_HOB location", 96, kDamaged, kWholeImage},
    Symptom{"Unsupported TDVF section", 95, kDamaged, kWholeImage},
    Symptom{"Failed to accept memory for TDVF section", 95, kSections, kMoreMemory},
    Symptom{"Failed to mmap memory for TDVF section", 92,
            "The host has no memory for the firmware's sections.",
            "Give the VM less memory, or stop others; the firmware may also ask for too much."},
    Symptom{"failed to parse TDVF", 60, "QEMU could not read the firmware's TDX metadata.", kWholeImage},
};

} // namespace

std::span<const Symptom> firmwareSymptoms() { return kSymptoms; }

} // namespace teehost::tdx
