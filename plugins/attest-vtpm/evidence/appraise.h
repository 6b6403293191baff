// SPDX-License-Identifier: Apache-2.0
//
// What the quoted PCRs say: logs against them, and them against what is expected.
#pragma once

#include "evidence/verify.h"

namespace teehost::vtpm {

/// Adds the checks from vtpm.log_replay on. `out.pcrs` are those that genuine quotes cover, none when a quote
/// is not genuine; `out.eventLog` is the log as it was read, and is kept only when it replays.
void appraise(const Evidence& evidence, const VerifyTerms& terms, Verified& out);

} // namespace teehost::vtpm
