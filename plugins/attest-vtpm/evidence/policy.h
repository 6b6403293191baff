// SPDX-License-Identifier: Apache-2.0
//
// What a vTPM's evidence must show to be acceptable: rules, all optional, from a JSON document;
// docs/attestation.md lists them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quote/quote.h"

namespace teehost::vtpm {

/// How the attestation key is tied to a TPM that anybody has reason to trust; docs/attestation.md ranks them.
enum class AkBinding {
    Activated,     ///< it answered a challenge together with an endorsement key that is trusted
    Pinned,        ///< the verifier knows the key
    AkCertificate, ///< a certificate of a trusted authority
    GuestAsserted, ///< the TEE's report binds the key: the guest says so, at whatever privilege it asked
    None
};
[[nodiscard]] std::string_view nameOf(AkBinding binding) noexcept;

/// Of one PCR and bank: any of the digests.
struct PcrRule {
    HashAlgorithm bank;
    std::uint32_t pcr;
    std::vector<kit::Bytes> digests;
};

struct ImaPolicy {
    struct Allowed {
        std::string path;                ///< with * and ?
        std::vector<kit::Bytes> digests; ///< empty: whatever is in it
    };
    bool required = false;
    std::optional<std::vector<Allowed>> allow{};
};

struct Policy {
    /// InputError policy, for an unknown rule as for a value of the wrong kind.
    [[nodiscard]] static Policy parse(std::string_view json);

    std::vector<AkBinding> akBindings{AkBinding::Activated, AkBinding::Pinned, AkBinding::AkCertificate};
    std::vector<kit::Bytes> akNames{};
    std::vector<std::uint32_t> requiredPcrs{};
    std::vector<PcrRule> pcrs{};
    std::vector<HashAlgorithm> banks{}; ///< each PCR with a rule is quoted in all of these
    bool requireEventLog = false;
    std::optional<bool> secureBoot{};
    std::vector<kit::Bytes> kernelDigests{};
    std::vector<std::string> commandLines{};
    ImaPolicy ima{};
    kit::Bytes teeNonce{};                   ///< what the TEE's report answers, where that is another nonce
    std::string vmId{};                      ///< that the endorsement key's certificate must name
    kit::Bytes activatedAk{}, activatedEk{}; ///< names of the keys that answered the challenge of this moment

    [[nodiscard]] bool asksForEvents() const noexcept
    {
        return requireEventLog || secureBoot || !kernelDigests.empty() || !commandLines.empty();
    }
};

/// Shell-like: * is any text, ? any one byte. Takes the product of the lengths at most.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view text) noexcept;

} // namespace teehost::vtpm
