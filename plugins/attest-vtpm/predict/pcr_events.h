// SPDX-License-Identifier: Apache-2.0
//
// The events of a boot, and the PCRs that they make: for OVMF that boots a kernel with an EFI stub which QEMU
// handed over (-kernel), and as far as it gets, for one that boots from a disk. What differs from one version
// of edk2 to the other is an input.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <teehost/kit/digest.h>

#include "tpm_algorithm.h"

namespace teehost::vtpm {

/// What an event extends a PCR with, and the input that it came from.
struct PcrEvent {
    std::uint32_t pcr = 0;
    std::uint32_t type = 0; ///< event_type::k...
    std::string what;       ///< "command line"
    std::string source;     ///< path of a file, or how it was derived; may be empty
    kit::AnyDigest digest;
};

struct BankPrediction {
    HashAlgorithm bank = HashAlgorithm::Sha2_256;
    std::vector<PcrEvent> events; ///< of one PCR, in its order
    /// By number; nothing for one that is not predicted.
    std::array<std::optional<kit::AnyDigest>, kPcrs> values;
};

/// Why something is not known.
struct Unknown {
    std::string reason;
};
/// A digest with the input that it came from, or why there is none.
struct Known {
    kit::AnyDigest digest;
    std::string source;
};
using Contribution = std::variant<Known, Unknown>;

enum class BootFlow {
    Direct,            ///< a kernel from QEMU
    DirectNotMeasured, ///< the same, but Secure Boot denies it, and OVMF starts it in a way that measures
                       ///< nothing
    DirectRefused,     ///< the same, and OVMF does not start it
    DirectPerhaps,     ///< Secure Boot looks at its signature; whether it is started is not known
    Disk
};

/// What the inputs of a boot come to in one bank.
struct BootDigests {
    BootFlow flow = BootFlow::Direct;
    /// Says why PCRs 1 to 7 are not known with any inputs: the firmware was not examined.
    std::optional<Unknown> unexamined;
    /// The first event of PCR 0.
    Contribution version;
    Contribution peiVolume, dxeVolume;
    Contribution kernel;                             ///< Authenticode, as handed over
    std::optional<Contribution> loadOptions, initrd; ///< without value: there is none, and no event
    struct Variable {
        std::string name; ///< "SecureBoot"
        Contribution event;
    };
    std::vector<Variable> policyVariables; ///< SecureBoot, PK, KEK, db, dbx
    std::optional<Unknown> authority;      ///< why PCR 7 has more events; without value: it has not
    std::optional<Unknown> otherInPcr1;    ///< why PCR 1 has more events; without value: it has not
    Contribution bootOrder, bootOption;
    std::optional<Unknown> optionRoms; ///< without value: none
};

/// The reasons for the PCRs that cannot be told go into `unpredictable`.
[[nodiscard]] BankPrediction composeBank(HashAlgorithm bank, const BootDigests& digests,
                                         std::map<std::uint32_t, std::string>& unpredictable);

enum class ImaTemplate { Ng, Sig };

/// Adds PCR 10 of a guest that runs from its initramfs alone: IMA's policies leave that out, so its only
/// record is the boot aggregate of PCRs 0 to 9 in `sha256`. SHA-384 and larger banks are reported as
/// unpredictable: it depends on the kernel whether they are extended with a padded SHA-1.
void addImaAggregate(BankPrediction& bank, const BankPrediction& sha256, ImaTemplate form,
                     std::map<std::uint32_t, std::string>& unpredictable);

/// The value PCR 4 has, whatever the kernel, when the kernel was started without being measured: how OVMF
/// boots one of QEMU's that Secure Boot denies.
[[nodiscard]] const kit::AnyDigest& kernelNotMeasuredPcr4(HashAlgorithm bank);

} // namespace teehost::vtpm
