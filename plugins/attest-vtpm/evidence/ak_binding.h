// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "evidence/verify.h"

namespace teehost::vtpm {

struct BindingResult {
    kit::CheckLine line;
    std::optional<AkBinding> binding{}; ///< nothing when it is not good enough
};

/// How the key is bound, held against what the policy accepts.
[[nodiscard]] BindingResult checkBinding(const Evidence& evidence, const TpmKey& ak,
                                         const VerifyTerms& terms);

/// Certificate of an endorsement key that came along; nothing when none did.
[[nodiscard]] std::optional<kit::CheckLine> checkEkCertificate(const Evidence& evidence,
                                                               const VerifyTerms& terms);

} // namespace teehost::vtpm
