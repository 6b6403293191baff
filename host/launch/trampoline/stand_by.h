// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace teehost::launch {

/// Runs a program as a child, and ends as it ends; whatever is left then of the processes that it started is
/// killed first. Every process below becomes a child of this one when its parent ends (prctl(2),
/// PR_SET_CHILD_SUBREAPER), and is reaped at once. SIGTERM is passed on to the program. When the other end of
/// the pipe `leash` is closed, which is what the daemon's death does, all of them are killed. Returns only
/// when it cannot begin, with errno. Needs the only thread of the process.
void standBy(char* const* argv, char* const* env, int leash);

/// Becomes the program; says on stderr why it cannot, and ends.
[[noreturn]] void become(char* const* argv, char* const* env);

} // namespace teehost::launch
