// SPDX-License-Identifier: Apache-2.0
//
// The launch digest of a VM that boots an IGVM file: its directives for SEV-SNP, in file order, but for the
// state of the vCPU, which KVM measures last.
#pragma once

#include <optional>

#include "launch/id_block.h"
#include "launch/igvm_file.h"
#include "launch/ovmf_digest.h"

namespace teehost::sev_snp {

struct IgvmRules {
    /// Pages without data are given to the firmware as its own type ZERO. QEMU and KVM hand them over as
    /// pages of zeros.
    bool nativeZero = false;
    /// As QEMU and KVM measure: a VMSA last. Refuse what they would not launch, or where tools that go by
    /// the file's order would not agree. Off: in file order.
    bool checkKvm = true;
    /// Let an ID block in the file disagree with the digest: to make the block for a new file.
    bool ignoreIdBlock = false;
};

/// The file's own ID block and its authentication, when it has one for SEV-SNP.
struct IgvmId {
    IdBlock block;
    IdAuth auth;
    bool authorKeyEnabled = false;
};

struct IgvmMeasurement {
    LaunchResult launch;
    std::optional<std::uint64_t> policy;
    std::optional<IgvmId> id; ///< its signatures are verified
};

/// InputError igvm_platform, igvm_reserved, igvm_data_bounds, igvm_page_type, igvm_parameter_area,
/// igvm_header, igvm_idblock_mismatch, id_block_signature, id_key_signature, id_key_curve, kvm_*.
[[nodiscard]] IgvmMeasurement measureIgvm(const IgvmFile& file, const IgvmRules& rules);

} // namespace teehost::sev_snp
