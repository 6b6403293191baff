// SPDX-License-Identifier: Apache-2.0
#include "cli/session.h"

#include <iostream>

#include <unistd.h>

#include "cli/failure.h"
#include "cli/output/reader_watch.h"

namespace teehost::cli {

std::ostream& Session::out() const { return std::cout; }

bool Session::outIsTerminal() const { return ::isatty(STDOUT_FILENO) == 1; }

void Session::finishOutput() const
{
    std::cout.flush();
    // Whoever reads has had enough, as in `teehost config | head -1`.
    if (!std::cout && !readerIsGone())
        throw Failure(ExitCode::Failed, "cannot write to standard output");
}

} // namespace teehost::cli
