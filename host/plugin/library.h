// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "host/base/unique_fd.h"
#include "teehost/plugin.h"

namespace teehost::plugin {

/// Loads the library behind `file` and finds its entry symbol. From here on its code is part of the process
/// for good: the library is never unloaded and its descriptor never closed (docs/decisions/0002). `path` is
/// for messages. Throws FailedPrecondition with the dynamic linker's words.
[[nodiscard]] th_entry_fn openLibrary(UniqueFd file, const std::string& path);

} // namespace teehost::plugin
