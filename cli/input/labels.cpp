// SPDX-License-Identifier: Apache-2.0
#include "cli/input/labels.h"

#include "cli/failure.h"

namespace teehost::cli {

std::map<std::string, std::string> parseLabels(const std::vector<std::string>& labels)
{
    std::map<std::string, std::string> parsed;
    for (const auto& label : labels) {
        const auto equals = label.find('=');
        if (equals == std::string::npos || equals == 0)
            throw UsageFailure("--label: \"" + label + "\" is not KEY=VALUE",
                               "write it as --label team=blue");
        const std::string key = label.substr(0, equals);
        if (!parsed.emplace(key, label.substr(equals + 1)).second)
            throw UsageFailure("--label: \"" + key + "\" is given twice");
    }
    return parsed;
}

} // namespace teehost::cli
