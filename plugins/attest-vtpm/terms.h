// SPDX-License-Identifier: Apache-2.0
//
// A request's policy, expected registers and reference values as one set of rules.
#pragma once

#include <teehost/plugin.hpp>

#include "evidence/verify.h"

namespace teehost::vtpm {

struct Expectations {
    Policy policy{};
    Counters last{};
    bool pcrsExpected = false;
    std::vector<kit::CheckLine> lines{}; ///< vtpm.reference, and what cannot be held against PCRs at all
};

/// InputError policy when the document is not one.
[[nodiscard]] Expectations expectationsOf(const sdk::VerifyRequest& request);

} // namespace teehost::vtpm
