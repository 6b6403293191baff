// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
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

/// Runs hostile code on the files of a Workplace: all of it in a sandbox, and one thing at a time.
class Runner {
public:
    virtual ~Runner() = default;

    /// Runs the algorithm to its end. Returns a sentence when it failed, else nothing.
    virtual std::string run(const Task& task) = 0;
    /// Unpacks the zip file `zip` into the workplace's directory for that. Returns a sentence when it failed,
    /// else nothing. Returns soon when `givenUp`, which is asked again and again, is true.
    virtual std::string unpack(int zip, const std::function<bool()>& givenUp) = 0;
    /// Makes either return soon. May be called from another thread, and when neither runs.
    virtual void stop() = 0;
};

} // namespace teehost::guest
