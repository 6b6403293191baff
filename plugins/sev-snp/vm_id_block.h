// SPDX-License-Identifier: Apache-2.0
//
// The ID block a VM is launched with: given by its owner, or made for its very digest with the operator's
// key.
#pragma once

#include <map>
#include <mutex>
#include <optional>

#include "configuration.h"
#include "launch/id_block.h"
#include "predict.h"

namespace teehost::sev_snp {

struct VmIdBlock {
    IdBlock block;
    IdAuth auth;
};

/// Signatures that were made. ECDSA gives another one each time, and what a VM is composed of must not change
/// when it is asked for again. Thread-safe.
class IdSignatures {
public:
    [[nodiscard]] std::optional<IdAuth> find(const kit::Sha256Digest& of) const;
    /// Answers what is kept: of two made at once, the first.
    IdAuth keep(const kit::Sha256Digest& of, const IdAuth& auth);

private:
    mutable std::mutex mutex_;
    std::map<kit::Sha256Digest, IdAuth> made_; // guarded by mutex_
};

/// Nothing when none is configured. sdk::Error for files that are not what they should be, and for a given
/// block that is of another digest or policy than the prediction: the SEV firmware would end the launch.
[[nodiscard]] std::optional<VmIdBlock>
idBlockFor(const Configuration& configuration, const LaunchPrediction& prediction, IdSignatures& signatures);

} // namespace teehost::sev_snp
