// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace teehost::guest {

/// How an algorithm is to be run, as its provider says.
struct Task {
    enum class Kind { Binary, Python };
    Kind kind = Kind::Binary;
    std::string interpreter; ///< of Python: a name below /usr/bin
    std::vector<std::string> arguments;
};

/// What runs hostile code on the files of a Workplace. All of it runs in a sandbox, one thing at a time.
class Runner {
public:
    virtual ~Runner() = default;

    /// Runs the algorithm to its end. Returns a sentence when it failed, else nothing.
    virtual std::string run(const Task& task) = 0;
    /// Unpacks the zip file `zip` into the datasets; the same.
    virtual std::string unpack(int zip) = 0;
    /// Makes either return soon. From another thread; no harm when neither runs.
    virtual void stop() = 0;
};

} // namespace teehost::guest
