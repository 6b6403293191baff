// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "host/plugin/diagnosis.h"

namespace teehost::doctor {

/// Why a launch failed, for people.
struct Explanation {
    std::string cause;
    std::string remedy;
    std::string evidence; ///< the line of output that shows it
};

/// Findings of the host's own table, qemu_symptoms.h. Best first, and of equal ones what was said first;
/// empty when nothing fits.
[[nodiscard]] std::vector<plugin::Finding> hostFindings(const plugin::Failure& failure);

/// The best of the plugin's and the host's findings, or the first line of the output that is no warning when
/// nobody knows.
[[nodiscard]] Explanation explain(const plugin::Failure& failure,
                                  const std::vector<plugin::Finding>& pluginFindings);

/// QEMU found the agent's host port taken: worth another port.
[[nodiscard]] bool isPortBusy(const std::string& output);

} // namespace teehost::doctor
