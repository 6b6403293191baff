// SPDX-License-Identifier: Apache-2.0
//
// Places where the tests make the daemon die, wait or fail. Only builds configured with TEEHOST_FAULTS have
// them (the presets for development and the sanitizers); elsewhere a fault point compiles to nothing.
#pragma once

#include <chrono>
#include <string>

namespace teehost {

#ifdef TEEHOST_FAULTS

/// Does what the environment variable TEEHOST_FAULT says of `name`. It holds entries separated by commas,
/// each NAME:ACTION, NAME:ACTION:COUNT (how often it strikes; absent: always) or NAME:ACTION:COUNT:SPARED
/// (how often it is passed unharmed before):
///
///   kill      SIGKILL to this process
///   errno=N   the system call behind the point is said to have failed with that number
///   delay=MS  waits
///   stop      SIGSTOP: a test does something meanwhile and sends SIGCONT
///
/// Returns the number of errno=N, else 0. Any thread.
int faultPoint(const char* name);

/// The seconds by which tests have moved the wall clock: the number in the file that TEEHOST_FAULT_CLOCK
/// names.
std::chrono::seconds faultClockOffset();

/// The boot id of the host that tests pretend (TEEHOST_FAULT_BOOT_ID); empty: that of the kernel holds.
std::string faultBootId();

#else

constexpr int faultPoint(const char*) { return 0; }
constexpr std::chrono::seconds faultClockOffset() { return std::chrono::seconds(0); }
inline std::string faultBootId() { return {}; }

#endif

} // namespace teehost
