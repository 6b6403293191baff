// SPDX-License-Identifier: Apache-2.0
//
// What the sanitizers of presets asan and tsan have to say about a program that is not this one.
#pragma once

#include <string>
#include <string_view>

namespace teehost::test {

/// The first report in what a program wrote to standard error; empty when there is none.
[[nodiscard]] std::string sanitizerReport(std::string_view errors);

} // namespace teehost::test
