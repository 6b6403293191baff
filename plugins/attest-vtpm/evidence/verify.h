// SPDX-License-Identifier: Apache-2.0
//
// Are these PCRs those of a TPM that somebody vouches for, now, and what do they say? Every check is made as
// far as it can be, whatever fails before it; but nothing is concluded from PCRs whose quote failed, or from
// events whose replay did.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <teehost/kit/check_line.h>
#include <teehost/kit/x509.h>

#include "evidence/evidence.h"
#include "evidence/policy.h"
#include "log/event_log.h"

namespace teehost::vtpm {

/// Of an earlier verdict about this VM; members that are absent are not compared.
struct Counters {
    std::optional<std::uint64_t> resetCount{}, restartCount{}, clock{};
    [[nodiscard]] bool any() const noexcept { return resetCount || restartCount || clock; }
};

struct VerifyTerms {
    kit::ByteView nonce{};   ///< empty: not asked
    kit::UnixSeconds at = 0; ///< certificates must be valid then
    std::span<const kit::Certificate> pool{}, anchors{};
    Policy policy{};
    Counters last{};
    bool pcrsExpected = false; ///< somebody relies on the rules of PCRs: none is then a failure

    [[nodiscard]] bool expectsPcrs() const noexcept
    {
        return pcrsExpected || !policy.pcrs.empty() || !policy.requiredPcrs.empty();
    }
};

struct Verified {
    std::vector<kit::CheckLine> lines{};
    std::optional<AkBinding> binding{};
    std::optional<TpmKey> ak{};
    std::optional<Attest> attest{}; ///< of the first quote, when all are genuine
    std::string_view scheme{};
    std::vector<PcrValue> pcrs{};            ///< that genuine quotes cover
    std::optional<EventLog> eventLog{};      ///< when it replays to them
    std::optional<std::size_t> imaEntries{}; ///< that PCR 10 attests
};

/// Anything unreadable in it is a failure of check vtpm.format or vtpm.magic_type.
[[nodiscard]] Verified verifyEvidence(const Evidence& evidence, const VerifyTerms& terms);

/// The strongest bank among the values, SHA-1 left out; nothing when there is no other.
[[nodiscard]] std::optional<HashAlgorithm> bestBank(std::span<const PcrValue> values);
[[nodiscard]] const PcrValue* findPcr(std::span<const PcrValue> values, HashAlgorithm bank,
                                      std::uint32_t pcr) noexcept;

} // namespace teehost::vtpm
