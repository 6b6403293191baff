// SPDX-License-Identifier: Apache-2.0
//
// What a verification takes out of its request before it looks at evidence. Refusals are sdk::Error
// TH_INVALID_ARGUMENT.
#pragma once

#include <string>

#include <teehost/plugin.hpp>

#include "teehost/kit/input_error.h"

namespace teehost::kit {

/// The one piece of evidence there must be. `what` names it ("report of SEV-SNP"); `hint`: what to do with
/// the rest. A view of the request.
[[nodiscard]] inline const sdk::Blob& onlyEvidence(const sdk::VerifyRequest& request, const std::string& what,
                                                   const std::string& hint)
{
    if (request.evidence.size() != 1)
        throw sdk::Error(TH_INVALID_ARGUMENT,
                         "one " + what + " is verified at a time, " +
                             std::to_string(request.evidence.size()) + " pieces of evidence are given",
                         hint);
    return request.evidence.front();
}

/// The request's policy, by Policy::parse(json); the default one without any.
template <class Policy>
[[nodiscard]] Policy policyOf(const sdk::VerifyRequest& request)
{
    try {
        return request.policyJson.empty() ? Policy() : Policy::parse(request.policyJson);
    } catch (const InputError& e) {
        throw sdk::Error(TH_INVALID_ARGUMENT, e.what(), "docs/attestation.md lists the rules of a policy");
    }
}

} // namespace teehost::kit
