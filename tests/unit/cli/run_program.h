// SPDX-License-Identifier: Apache-2.0
//
// Runs the real teehost program and looks at it from outside, as a script or a person at a terminal does.
//
//     const Result result = run({"list", "--url", host.address()});
//     CPPUNIT_ASSERT_EQUAL(0, result.exitCode);
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace teehost::cli::test {

struct Result {
    int exitCode = -1; ///< minus the signal's number when a signal ended it
    std::string out, err;
};

enum class Stdout { Pipe, Terminal };

/// A program that runs. Everything that waits gives up after thirty seconds and ends it.
class Program {
public:
    /// The environment is PATH, TERM=xterm and `environment` ("NAME=value"); nothing of ours but
    /// LSAN_OPTIONS.
    explicit Program(const std::vector<std::string>& arguments, Stdout kind = Stdout::Pipe,
                     const std::vector<std::string>& environment = {},
                     const std::string& program = TEEHOST_PROGRAM);
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    /// Returns once standard output holds `text`; fails the test when it never does.
    void awaitOutput(const std::string& text);
    void signal(int number) const;
    [[nodiscard]] Result wait();

private:
    void readSome();
    void readInto(int& fd, std::string& text);

    pid_t pid_ = -1;
    int out_ = -1, err_ = -1;
    Result result_;
};

[[nodiscard]] Result run(const std::vector<std::string>& arguments, Stdout kind = Stdout::Pipe,
                         const std::vector<std::string>& environment = {},
                         const std::string& program = TEEHOST_PROGRAM);

} // namespace teehost::cli::test
