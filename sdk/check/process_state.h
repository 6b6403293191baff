// SPDX-License-Identifier: Apache-2.0
//
// What a plugin must leave as it found it, seen from outside: compare a state from before with one from
// after.
#pragma once

#include <string>
#include <vector>

#include "host/base/unique_fd.h"

namespace teehost::check {

struct ProcessState {
    std::vector<std::string> descriptors; ///< what each open descriptor refers to, sorted
    std::size_t threads = 0;
    std::vector<std::string> environment;
    std::string workingDirectory;
    std::string locale;
    unsigned umask = 0;
    std::vector<std::string> signals; ///< signal numbers with a handler

    [[nodiscard]] static ProcessState now();
    /// One sentence for each difference; `ignored_file` may be open in the later state.
    [[nodiscard]] std::vector<std::string> changesTo(const ProcessState& later,
                                                     const std::string& ignored_file) const;
};

/// Diverts what is written to stdout and stderr while it lives. Not thread-safe; one at a time.
class OutputWatch {
public:
    OutputWatch();
    ~OutputWatch();
    OutputWatch(const OutputWatch&) = delete;
    OutputWatch& operator=(const OutputWatch&) = delete;
    /// What has been written so far.
    [[nodiscard]] std::string written() const;

private:
    UniqueFd memory_, stdout_, stderr_;
};

} // namespace teehost::check
