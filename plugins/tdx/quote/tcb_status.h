// SPDX-License-Identifier: Apache-2.0
//
// How Intel rates a TCB, and what several ratings come to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <teehost/kit/time.h>

namespace teehost::tdx {

enum class TcbStatus {
    UpToDate,
    SwHardeningNeeded,
    ConfigurationNeeded,
    ConfigurationAndSwHardeningNeeded,
    OutOfDate,
    OutOfDateConfigurationNeeded,
    TdRelaunchAdvised,                    ///< only as a result: the host was patched after the TD started
    TdRelaunchAdvisedConfigurationNeeded, ///< the same
    Revoked
};

/// In Intel's words: "OutOfDateConfigurationNeeded".
[[nodiscard]] std::string_view nameOf(TcbStatus status) noexcept;
[[nodiscard]] std::optional<TcbStatus> statusNamed(std::string_view name) noexcept;

/// Of one level of a platform, module or enclave.
struct TcbRating {
    TcbStatus status = TcbStatus::Revoked;
    kit::UnixSeconds date = 0;           ///< up to when what was known of it is counted in
    std::vector<std::string> advisories; ///< "INTEL-SA-01036"
};

/// A platform's rating together with those of its module and quoting enclave. Not the worst of them: a
/// platform that lacks configuration and has an old module is OutOfDateConfigurationNeeded. Advisories of
/// all, each once; the oldest date.
[[nodiscard]] TcbRating converge(const TcbRating& platform, const std::vector<const TcbRating*>& components);

/// What is made of a TD whose module was replaced while it ran: `launch` is rated with the module that
/// started it, `current` with the one that runs.
[[nodiscard]] TcbStatus afterUpdate(TcbStatus launch, TcbStatus current) noexcept;

} // namespace teehost::tdx
