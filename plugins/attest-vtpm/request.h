// SPDX-License-Identifier: Apache-2.0
//
// What verify and challenge have in common: reading the evidence, and whom to trust by default.
#pragma once

#include <vector>

#include <teehost/kit/x509.h>
#include <teehost/plugin.hpp>

#include "evidence/evidence.h"

namespace teehost::vtpm {

/// Reference values that this plugin gives to itself: from measure and challenge to verify, from verdict to
/// verdict.
namespace reference {
inline constexpr std::string_view kActivatedAk = "vtpm.activated_ak"; ///< name of the key that answered
inline constexpr std::string_view kActivatedEk = "vtpm.activated_ek"; ///< name of its endorsement key
inline constexpr std::string_view kVmId = "vtpm.vm_id";               ///< in that key's certificate
inline constexpr std::string_view kBanks = "vtpm.banks"; ///< that the TPM has: each must be quoted
inline constexpr std::string_view kFirmware =
    "vtpm.firmware"; ///< which build was recognised, for people: nothing is compared
inline constexpr std::string_view kMachine =
    "vtpm.machine"; ///< what the firmware finds, likewise: another machine may have another PCR 0
inline constexpr std::string_view kAssumedCpu = "vtpm.assumed_cpu"; ///< of a host that is not this machine
inline constexpr std::string_view kResetCount = "vtpm.reset_count";
inline constexpr std::string_view kRestartCount = "vtpm.restart_count";
inline constexpr std::string_view kClock = "vtpm.clock";
} // namespace reference

/// InputError for what is no evidence of a vTPM. Views of the blobs, which must outlive it.
[[nodiscard]] Evidence readEvidence(const std::vector<sdk::Blob>& blobs);

[[nodiscard]] constexpr kit::UnixSeconds secondsOf(std::int64_t wall_ns) noexcept
{
    return wall_ns / 1'000'000'000;
}

/// A certificate authority: `anchors` are trusted, `pool` may lie between.
struct Authority {
    std::vector<kit::Certificate> anchors{}, pool{};
};

} // namespace teehost::vtpm
