// SPDX-License-Identifier: Apache-2.0
//
// The one place that writes QEMU options. Whatever goes into a `key=value,key=value` option passes through
// option(), which doubles commas as QEMU's option parser demands, so a value can never become a second
// option.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/fragment.h"

namespace teehost::launch {

class QemuArgs {
public:
    explicit QemuArgs(std::string binary) : argv_{std::move(binary)} {}

    /// `-nodefaults`
    void flag(std::string_view name);
    /// `-append TEXT`: options that take the whole argument as it is. Refuses a NUL and a newline.
    void whole(std::string_view name, std::string_view value);
    /// `-device DRIVER,key=value,…`; the driver may be empty. Refuses keys that are not names, and control
    /// characters.
    void option(std::string_view name, std::string_view driver, const plugin::Properties& properties);
    /// `-cpu TEXT,key=value,…`: TEXT is the operator's, with properties of its own, such as EPYC,+avx2.
    void extended(std::string_view name, std::string_view text, const plugin::Properties& properties);
    /// `-object '{…}'`; the text must be one JSON object.
    void json(std::string_view name, const std::string& text);
    /// An argument a plugin or the operator wrote for QEMU itself.
    void raw(std::string argument);

    [[nodiscard]] const std::vector<std::string>& argv() const noexcept { return argv_; }
    [[nodiscard]] std::vector<std::string> release() && { return std::move(argv_); }

private:
    std::vector<std::string> argv_;
};

/// `value` as it stands inside a key=value option.
[[nodiscard]] std::string escapeOptionValue(std::string_view value);

/// The command line in a form that can be pasted into a shell.
[[nodiscard]] std::string shellCommand(const std::vector<std::string>& argv);

} // namespace teehost::launch
