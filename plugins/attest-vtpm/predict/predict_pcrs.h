// SPDX-License-Identifier: Apache-2.0
//
// PCRs of a VM, computed from what it boots:
//
//     FirmwareCache cache;                       // of the plugin: unpacking a firmware takes longest
//     const PcrPrediction out = predictPcrs(inputs, cache);
//     out.banks[0].values[4]                     // PCR 4 of the first bank, if it can be told
//     out.unpredictable                          // why others cannot
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "predict/calibration.h"
#include "predict/firmware_cache.h"
#include "predict/machine_shape.h"
#include "predict/pcr_events.h"

namespace teehost::vtpm {

/// A file of which only digests are at hand.
struct KnownFile {
    std::string source;
    std::uint64_t size = 0;
    /// Of the contents. Of a kernel: Authenticode of what QEMU hands over, and of nothing else.
    std::map<HashAlgorithm, kit::AnyDigest> digests;
};
using InputFile = std::variant<std::string, KnownFile>; ///< a path; empty: there is none

/// What of the machine reaches a PCR. qemu_shape.h makes it from a command line.
struct MachineFacts {
    MachineShape shape;
    std::optional<Unknown> firmwareView; ///< why the firmware sees more than the shape: PCR 0
    std::optional<Unknown> memoryLayout; ///< why low memory is not that of the shape: PCR 4
    std::optional<Unknown> optionRoms;   ///< why there may be some: PCR 2
    std::optional<Unknown> shim;         ///< why another program starts the kernel: PCRs 4, 7 and 9
};

struct BootInputs {
    std::string firmwareCode; ///< path; empty: QEMU's SeaBIOS, of which nothing is predicted
    std::string firmwareVars; ///< path of the variable store as it was before the first boot
    InputFile kernel;         ///< empty: boots from a disk
    InputFile initrd;
    std::string cmdline;
    MachineFacts machine;
    std::string qemuVersion; ///< "7.2.22"; empty if unknown
    std::vector<HashAlgorithm> banks{HashAlgorithm::Sha2_256};
    std::optional<ImaTemplate>
        initramfsOnly; ///< IMA is on, and every file the guest runs is in its initramfs
    const Calibration* calibration = nullptr;
};

struct PcrPrediction {
    std::vector<BankPrediction> banks;                  ///< in the order asked for
    std::map<std::uint32_t, std::string> unpredictable; ///< by PCR: why
    std::string firmware;                               ///< what it is, for people; empty: none
    /// Set when the kernel will be started without being measured: nothing then tells which one it is.
    std::optional<std::string> kernelNotMeasured;
};

/// InputError: bad_firmware_volume, bad_firmware_lzma, bad_variable_store, bad_kernel, bad_pe, bad_cmdline.
/// std::system_error and std::runtime_error for files that cannot be read.
[[nodiscard]] PcrPrediction predictPcrs(const BootInputs& inputs, FirmwareCache& cache);

} // namespace teehost::vtpm
