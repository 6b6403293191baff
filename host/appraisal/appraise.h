// SPDX-License-Identifier: Apache-2.0
//
// From the evidence of a running VM to a verdict: every plugin that has a say in it must accept, against what
// was computed when the VM was launched.
#pragma once

#include <string>
#include <vector>

#include "host/plugin/plugin.h"
#include "host/vm/attestation.h"

namespace teehost::appraisal {

/// What one plugin has to judge.
struct Matter {
    const plugin::Plugin* plugin = nullptr;
    std::vector<plugin::Blob> evidence;
    std::string trouble;                          ///< why there is none; empty when there is
    vm::References references;                    ///< of the launch
    std::vector<plugin::Named> kept;              ///< from the verdict before this one
    std::vector<plugin::Named> answered;          ///< that hold because the agent answered a challenge
    std::optional<plugin::CheckResult> challenge; ///< what came of it
    std::string policyJson;
    bool agentSilent = false; ///< the trouble is that the agent does not answer
};

/// Now, of what was to answer `nonce`, for a reason that no plugin gives.
[[nodiscard]] vm::Verdict undecidedVerdict(const plugin::Bytes& nonce, std::string reason);

/// Judges at `verdict.at`, what answers `verdict.nonce`. Nothing is Attested by a plugin that could say what
/// the VM must show and did not. Evidence that one plugin relies on ("evidence." claims) must be accepted by
/// another of these. Blocks; what a plugin throws is part of the verdict.
[[nodiscard]] vm::Verdict appraise(const std::vector<Matter>& matters, const plugin::Bytes& nonce,
                                   const plugin::CallContext& call);

} // namespace teehost::appraisal
