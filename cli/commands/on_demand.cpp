// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

namespace teehost::cli {

void addOnDemandCommands(CLI::App& app, Session& session)
{
    addCreateVm(app, session);
    addRemoveVm(app, session);
    addStopVm(app, session);
    addOrphans(app, session);
    addAdopt(app, session);
    addEndOrphan(app, session);
    addList(app, session);
    addInfo(app, session);
    addEvents(app, session);
    addConsole(app, session);
    addAttest(app, session);
    addBackends(app, session);
    addConfig(app, session);
    addCompletion(app, session);
}

} // namespace teehost::cli
