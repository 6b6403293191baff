// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tests/tools/cvms-server/service.h"

namespace teehost::cvms_server {

/// What --help says of them.
inline constexpr const char* kCommandsHelp = R"(Commands on standard input, a line each:
  state ID        ask for the agent's state
  run ID FILE     ask to run a computation: FILE is a serialised ComputationRunReq, sent in pieces
  stop ID         ask to stop a computation
  disconnect [ID] ask to disconnect and not to come back
  close           end the streams; agents dial again
ID is put in the request, which goes to the stream with that job-id, or to all when there is none. The end of
standard input does not end the server; SIGINT and SIGTERM do.)";

/// Does what one line says; prints an object of type "error" when it cannot.
void obey(const std::string& line, Service& service, JsonLines& lines);

} // namespace teehost::cvms_server
