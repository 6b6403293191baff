// SPDX-License-Identifier: Apache-2.0
//
// Proof that the attestation key lives in the VM's own TPM.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace teehost::guest {

struct Endorsement {
    std::string key;                        ///< TPMT_PUBLIC
    std::optional<std::string> certificate; ///< DER, as the TPM keeps it
};

/// The endorsement key below which the attestation key is made, and the certificate of RSA-2048 keys, where
/// the TPM has one (TCG EK Credential Profile, section 2.2.1.4). NoEvidence without TPM. Thread-safe.
[[nodiscard]] Endorsement endorsement();

/// The credential in a challenge (see challenge.h), which only a TPM with both keys can give. BadChallenge
/// when the bytes are none, or one for other keys; NoEvidence without TPM. Thread-safe.
[[nodiscard]] std::string answerChallenge(std::string_view challenge);

} // namespace teehost::guest
