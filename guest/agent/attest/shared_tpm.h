// SPDX-License-Identifier: Apache-2.0
//
// The one connection to the VM's TPM that everything in the agent uses: the attestation key lives as long as
// it does.
//
//     sharedTpm().with([&](tpm::Tpm& tpm) { key = tpm.attestationKey(); });
#pragma once

#include <mutex>
#include <optional>

#include "guest/agent/attest/no_evidence.h"
#include "guest/agent/attest/tpm.h"

namespace teehost::guest {

/// Opened when it is first used, and taken by one thread at a time.
class SharedTpm {
public:
    /// What `body` returns for the TPM. A TpmError becomes NoEvidence and closes the connection, so that
    /// another try begins anew, with another attestation key; other exceptions leave it as it is.
    template <class Body>
    auto with(Body&& body)
    {
        const std::lock_guard lock(mutex_);
        try {
            if (!tpm_)
                tpm_.emplace();
            return body(*tpm_);
        } catch (const tpm::TpmError& e) {
            tpm_.reset();
            throw NoEvidence(e.what());
        }
    }

private:
    std::mutex mutex_;
    std::optional<tpm::Tpm> tpm_;
};

/// Of this process.
[[nodiscard]] SharedTpm& sharedTpm();

} // namespace teehost::guest
