// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "evidence/verify.h"

namespace teehost::vtpm {

inline constexpr std::string_view kNoQuote = "the PCRs are not quoted: nothing can be said of them";

/// The IMA list against PCR 10 among `out.pcrs`, and its files against the policy; sets `out.imaEntries`.
[[nodiscard]] kit::CheckLine checkIma(const Evidence& evidence, const VerifyTerms& terms, Verified& out);

} // namespace teehost::vtpm
