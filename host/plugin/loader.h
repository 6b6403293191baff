// SPDX-License-Identifier: Apache-2.0
//
// Finds and loads plugins: discover, trust, open, negotiate, validate. Each file gets a log line with the
// outcome.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/log.h"
#include "host/plugin/plugin.h"
#include "host/plugin/trust.h"

namespace teehost::plugin {

/// A file that was found and not taken; `reason` is one sentence.
struct Refusal {
    std::string path;
    std::string reason;
};

struct Loaded {
    std::vector<std::unique_ptr<Plugin>> plugins; ///< in the order of their ids; no instance made yet
    std::vector<Refusal> refused;

    /// The plugin with this id, or null.
    [[nodiscard]] Plugin* find(std::string_view id) const noexcept;
    /// Writes a line for each plugin with the digest of its file, which takes longer than loading it.
    void tellDigests(const Log& log) const;
};

/// Looks at every `*.so` of `dirs` (absolute, not recursive), each directory sorted by name. A bad plugin
/// never stops the others and nothing is thrown for one; a directory that does not exist is a debug line. Two
/// plugins of one id are both refused: which of them was meant is not ours to guess. `log` must outlive the
/// plugins. With `only`, every file but those of that name is left alone.
[[nodiscard]] Loaded loadPlugins(const std::vector<std::string>& dirs, const TrustPolicy& policy,
                                 const Log& log, std::string_view only = {});

} // namespace teehost::plugin
