// SPDX-License-Identifier: Apache-2.0
//
// What a guest that somebody broke into might do to its evidence, on demand by `teehost.fault`: for tests of
// whoever attests it. The honest agent knows of it in two places, where evidence of the TPM goes out and
// where a fault is due.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "guest/agent/attest/forged_key.h"
#include "guest/agent/kernel_parameters.h"

namespace teehost::guest {

class Misbehaviour {
public:
    explicit Misbehaviour(Fault fault);

    /// What goes out instead of `evidence`, an attest.Attestation: the same without such a fault. NoEvidence
    /// like what it was made by. Thread-safe.
    [[nodiscard]] std::string passOn(std::string evidence);

private:
    Fault fault_;
    std::optional<ForgedKey> key_;
    std::mutex mutex_;
    std::string first_; ///< guarded by mutex_: evidence to be replayed
};

/// Fault::ExtendPcr: extends PCR 4 of every bank with something that no log says. TpmError.
void extendPcr();

} // namespace teehost::guest
