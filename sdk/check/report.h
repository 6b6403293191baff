// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "host/base/error.h"

namespace teehost::check {

/// Prints one line a check and counts what failed.
class Report {
public:
    /// `out` stays ours when the plugin's own stdout is watched.
    explicit Report(std::FILE* out) : out_(out) {}

    void pass(std::string_view what) { line("ok  ", what, {}); }
    void note(std::string_view what, std::string_view why) { line("--  ", what, why); }
    void fail(std::string_view what, std::string_view why)
    {
        ++failures_;
        line("FAIL", what, why);
    }
    void expect(bool good, std::string_view what, std::string_view why_not)
    {
        if (good)
            pass(what);
        else
            fail(what, why_not);
    }
    /// Passes when `body` returns, fails with what it throws.
    template <class Body>
    bool run(std::string_view what, Body&& body)
    {
        try {
            body();
            pass(what);
            return true;
        } catch (const std::exception& e) {
            fail(what, describe(e));
            return false;
        }
    }

    [[nodiscard]] int failures() const noexcept { return failures_; }

private:
    void line(const char* verdict, std::string_view what, std::string_view why)
    {
        std::string text = std::string(verdict) + "  ";
        text += what;
        if (!why.empty())
            (text += ": ") += why;
        std::fprintf(out_, "%s\n", text.c_str());
        std::fflush(out_);
    }

    std::FILE* out_;
    int failures_ = 0;
};

} // namespace teehost::check
