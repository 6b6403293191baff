// SPDX-License-Identifier: Apache-2.0
//
// The checks of a verification, each with its own verdict, before the host is told of them (tell_checks.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace teehost::kit {

enum class Outcome {
    Pass,
    Fail,
    Warn,  ///< nothing is wrong, but somebody should know
    Skip,  ///< there was nothing to look at, or nothing to look at it with
    Error, ///< it could not be decided
    Unfit  ///< it could not be decided because of the evidence itself (TH_V_UNFIT)
};

struct CheckLine {
    std::string id; ///< as the plugin declares it: "snp.tcb"
    Outcome outcome = Outcome::Pass;
    std::string reason; ///< why it failed, for programs: "tcb_mismatch", "policy:vmpl"
    std::string message;
    std::string hint{};
    std::string expected{}, actual{}; ///< for people; empty when there is nothing to compare
};

/// Something that is wrong, for programs and for people.
struct Fault {
    std::string_view reason; ///< a literal
    std::string message;
    std::string expected{}, actual{}; ///< as those of CheckLine
};

[[nodiscard]] CheckLine passed(std::string_view id, std::string message);
[[nodiscard]] CheckLine failed(std::string_view id, std::string_view reason, std::string message);
[[nodiscard]] CheckLine failed(std::string_view id, const Fault& fault);
[[nodiscard]] CheckLine skipped(std::string_view id, std::string why);
[[nodiscard]] CheckLine undecided(std::string_view id, std::string_view reason, std::string why,
                                  std::string hint = {});
/// The evidence cannot be read, is of another kind, or lacks a piece.
[[nodiscard]] CheckLine unfit(std::string_view id, std::string_view reason, std::string why,
                              std::string hint = {});
/// Passed when it is `kept`, else failed for the reason.
[[nodiscard]] CheckLine judged(std::string_view id, bool kept, std::string_view reason, std::string message,
                               std::string expected = {}, std::string actual = {});

/// The first that failed, or null.
[[nodiscard]] const CheckLine* firstFailure(const std::vector<CheckLine>& lines) noexcept;
/// The first that stands against acceptance: one that failed, else one that the evidence is unfit for, else
/// one that could not be decided; or null.
[[nodiscard]] const CheckLine* firstObjection(const std::vector<CheckLine>& lines) noexcept;

} // namespace teehost::kit
