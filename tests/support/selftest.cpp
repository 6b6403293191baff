// SPDX-License-Identifier: Apache-2.0
#include "support/selftest.h"

#include <sstream>

namespace teehost::test {
namespace {

/// The value of NAME=value among blank-separated words.
std::string field(const std::string& line, const std::string& name)
{
    const auto at = line.find(" " + name + "=");
    if (at == std::string::npos)
        return {};
    const auto begin = at + name.size() + 2;
    return line.substr(begin, line.find_first_of(" \r", begin) - begin);
}

} // namespace

Selftest parseSelftest(const std::string& console)
{
    Selftest found;
    std::istringstream lines(console);
    for (std::string line; std::getline(lines, line);) {
        const auto at = line.find(" selftest ");
        if (at == std::string::npos)
            continue;
        std::istringstream words(line.substr(at));
        std::string mark, kind, name;
        words >> mark >> kind >> name;
        if (kind == "env")
            found.environment[name] = field(line, "sha256");
        else if (kind == "cert")
            found.certificates[name] = {field(line, "mode"), field(line, "sha256")};
        else if (kind == "done")
            found.complete = true;
    }
    return found;
}

} // namespace teehost::test
