// SPDX-License-Identifier: Apache-2.0
//
// Evidence of the VM, as bytes for whoever asks: the vTPM's, the TEE's, IMA's.
#pragma once

#include <string>

#include "guest/agent/attest/no_evidence.h"

namespace teehost::guest {

inline constexpr const char *kSnpDriver = "sev_guest", *kTdxDriver = "tdx_guest";

/// attest.Attestation: a quote of every bank over `nonce` (at most 32 bytes, zeros behind it), the key, the
/// event log. Thread-safe.
[[nodiscard]] std::string vtpmEvidence(const std::string& nonce);

/// The quotes over `vtpmNonce`, and a report of SEV-SNP that binds their key, over `teeNonce` (at most 64
/// bytes, zeros behind it). Where an SVSM has the TPM, SevSnpSvsmAttestation, whose report binds the
/// endorsement key; else attest.Attestation, whose report is over SHA3-512(teeNonce || attestation key), as
/// Cocos has it: the guest's word. Thread-safe.
[[nodiscard]] std::string snpVtpmEvidence(const std::string& teeNonce, const std::string& vtpmNonce);

/// What the TEE's driver gives for `nonce` (at most 64 bytes, zeros behind it), through configfs-tsm; with
/// the hypervisor's certificate table behind it when there is one. `provider` is the driver that is meant:
/// kSnpDriver, kTdxDriver.
[[nodiscard]] std::string teeEvidence(const std::string& nonce, const std::string& provider);

/// The two forms in which the kernel shows its list of measurements.
enum class ImaForm { Ascii, Binary };

struct ImaEvidence {
    std::string log;   ///< never empty
    std::string pcr10; ///< of the SHA-1 bank if there is one, else of the first
};
[[nodiscard]] ImaEvidence imaEvidence(ImaForm form);

} // namespace teehost::guest
