// SPDX-License-Identifier: Apache-2.0
//
// Whether evidence is accepted: decided here from a plugin's declared and reported checks, so that a plugin
// which forgets a check, reports it twice or returns early can only make the answer stricter. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/diagnosis.h"
#include "host/plugin/evidence.h"

namespace teehost::plugin {

/// Declaration of a check. An id that ends in ".*" is a family.
struct CheckSpec {
    std::string id;
    std::string title;
    bool required = false; ///< always
    bool ifReportData = false;
    bool ifExpected = false;
    bool ifReference = false;
    bool ifPolicy = false;

    [[nodiscard]] bool isFamily() const noexcept { return id.ends_with(".*"); }
    [[nodiscard]] bool matches(std::string_view reported_id) const noexcept;
};

/// The declaration that `id` answers to: its own, or that of its family. Null when there is none.
[[nodiscard]] const CheckSpec* findSpec(const std::vector<CheckSpec>& declared, std::string_view id) noexcept;

/// Throws Unimplemented when the request contains something that no declared check looks at: the verifier
/// could not but pass over it.
void expectLooksAtAll(const std::vector<CheckSpec>& declared, const VerifyRequest& request);

/// Accepted when there is a required check at all, each required one was reported exactly once with PASS (of
/// a family: one member at least, each once), no check was reported twice, and none is FAIL, ERROR or UNSET.
[[nodiscard]] VerifyResult judge(const std::vector<CheckSpec>& declared, const VerifyRequest& request,
                                 std::vector<CheckResult> reported, std::vector<Named> claims);

/// The checks of a probe: those reported, then those that were declared and not reported, as Error when
/// required and as Skip otherwise. A check reported twice becomes Error.
[[nodiscard]] std::vector<ProbeCheck> completeProbe(const std::vector<CheckSpec>& declared,
                                                    std::vector<CheckResult> reported);

} // namespace teehost::plugin
