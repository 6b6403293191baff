// SPDX-License-Identifier: Apache-2.0
#include "cli/failure.h"

#include "cli/output/escape.h"

namespace teehost::cli {

std::string describeFailure(const std::string& message, const std::string& hint)
{
    std::string text = "teehost: " + indentLines(escapeText(message), "  ") + "\n";
    if (!hint.empty())
        text += "  hint: " + indentLines(escapeText(hint), "  ") + "\n";
    return text;
}

} // namespace teehost::cli
