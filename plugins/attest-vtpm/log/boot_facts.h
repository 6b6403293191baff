// SPDX-License-Identifier: Apache-2.0
//
// What a replayed log proves of the boot. The types of events are authenticated by nothing, and who controls
// the guest can extend PCRs after its boot; so facts are taken from where events stand, and from data that
// hashes to what was extended.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "log/event_log.h"

namespace teehost::vtpm {

/// Whether UEFI Secure Boot was enforced: the variable SecureBoot, the first that is measured into PCR 7.
/// Nothing when the log does not begin so.
[[nodiscard]] std::optional<bool> secureBoot(const EventLog& log, HashAlgorithm bank);

/// Authenticode digest of the one image that was started: the only event of PCR 4 that is neither the
/// firmware's announcement nor a separator. Nothing when there are several, or none.
[[nodiscard]] std::optional<kit::ByteView> kernelDigest(const EventLog& log, HashAlgorithm bank);

/// Whether the first event of PCR 9 is of this command line, as Linux' EFI stub measures the load options:
/// in UTF-16 with its end, and with the firmware's words for an initrd behind or before it, or without.
[[nodiscard]] bool isCommandLine(const EventLog& log, HashAlgorithm bank, std::string_view command_line);

} // namespace teehost::vtpm
