// SPDX-License-Identifier: Apache-2.0
//
// One function a command: it declares the command's options on `app` and what to do when it is chosen. Each
// lives in the file of its name.
#pragma once

#include <string>

#include "cli/input/command.h"
#include "cli/session.h"

namespace teehost::cli {

void addCreateVm(CLI::App& app, Session& session);
void addRemoveVm(CLI::App& app, Session& session);
void addStopVm(CLI::App& app, Session& session);
void addOrphans(CLI::App& app, Session& session);
void addAdopt(CLI::App& app, Session& session);
void addEndOrphan(CLI::App& app, Session& session);
void addList(CLI::App& app, Session& session);
void addInfo(CLI::App& app, Session& session);
void addEvents(CLI::App& app, Session& session);
void addConsole(CLI::App& app, Session& session);
void addAttest(CLI::App& app, Session& session);
void addBackends(CLI::App& app, Session& session);
void addConfig(CLI::App& app, Session& session);
void addMeasure(CLI::App& app, Session& session);
void addVerify(CLI::App& app, Session& session);
void addInspect(CLI::App& app, Session& session);
void addExplain(CLI::App& app, Session& session);
void addKeys(CLI::App& app, Session& session);
void addCompletion(CLI::App& app, Session& session);

/// Declares a command of the catalogue, with its examples, for the file of the command to add its options.
[[nodiscard]] Command newCommand(CLI::App& app, const std::string& name, const std::string& examples);

/// The commands whose code runs on demand, `completion` among them, which must know the options of all.
void addOnDemandCommands(CLI::App& app, Session& session);
/// Names those commands only, for the help of a program that loads them on demand with their options.
void addOnDemandNames(CLI::App& app, Session& session);

} // namespace teehost::cli
