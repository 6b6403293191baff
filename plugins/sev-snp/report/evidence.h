// SPDX-License-Identifier: Apache-2.0
//
// The forms in which reports come: bare, behind the header of the guest driver's answer, with zeros, the
// hypervisor's certificate table or certificates behind them, or inside Azure's HCL report of an SEV-SNP VM.
#pragma once

#include <optional>
#include <vector>

#include <teehost/kit/bytes.h>

namespace teehost::sev_snp {

struct Evidence {
    kit::ByteView report;                    ///< kReportSize bytes
    std::vector<kit::ByteView> certificates; ///< what is behind it, DER or PEM each; CRLs too
};

/// Views of `blob`. InputError size, answer_status, or hcl_tdx or hcl_kind for Azure's report of another kind
/// of VM.
[[nodiscard]] Evidence readEvidence(kit::ByteView blob);

/// 0 to 100: how surely the bytes are one of the forms.
[[nodiscard]] int looksLikeEvidence(kit::ByteView blob) noexcept;

} // namespace teehost::sev_snp
