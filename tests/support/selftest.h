// SPDX-License-Identifier: Apache-2.0
//
// What the guest says it was given (teehost.selftest=1): digests, which tests compare with those of what they
// sent.
#pragma once

#include <map>
#include <string>

namespace teehost::test {

struct Selftest {
    struct File {
        std::string mode; ///< "0600"
        std::string sha256;
        friend bool operator==(const File&, const File&) = default;
    };
    std::map<std::string, std::string> environment; ///< SHA-256 of each value
    std::map<std::string, File> certificates;
    bool complete = false;
};

[[nodiscard]] Selftest parseSelftest(const std::string& console);

} // namespace teehost::test
