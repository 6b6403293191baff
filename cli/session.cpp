// SPDX-License-Identifier: Apache-2.0
#include "cli/session.h"

#include <iostream>

#include <unistd.h>

#include "cli/client/reader_watch.h"
#include "cli/failure.h"

namespace teehost::cli {

Client& Session::client()
{
    if (!client_)
        client_ = std::make_unique<Client>(options.endpoint, options.timeout);
    return *client_;
}

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
