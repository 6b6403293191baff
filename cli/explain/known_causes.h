// SPDX-License-Identifier: Apache-2.0
//
// Causes and remedies that the host's own table and the plugins know of a text, best first.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "cli/explain/log_text.h"
#include "host/plugin/diagnosis.h"

namespace teehost::cli {

/// Somebody who knows words: the host, or a plugin.
struct KnowsWords {
    std::string name; ///< "host", or the plugin's id
    /// Given at most 64 KiB of lines; its findings quote one of them.
    std::function<std::vector<plugin::Finding>(const std::string& text)> ask;
};

struct KnownCause {
    struct Remedy {
        std::string from; ///< name of who knows it
        std::string text;
    };
    unsigned confidence = 0; ///< 0 to 100
    std::string cause;
    std::string line;             ///< the words that led here
    std::size_t lineNumber = 0;   ///< 0 when the words are no line of the text
    std::vector<Remedy> remedies; ///< at least one; more when several read the same cause from the line
};

/// The causes that `lines` show. Of one line only the surest reading counts; of one cause its first line.
/// Surest first, and of equal ones what was said first.
[[nodiscard]] std::vector<KnownCause> knownCauses(const std::vector<LogLine>& lines,
                                                  const std::vector<KnowsWords>& knowers);

} // namespace teehost::cli
