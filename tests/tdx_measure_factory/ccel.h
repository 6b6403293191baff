// SPDX-License-Identifier: Apache-2.0
//
// Event logs of a TD.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <teehost/kit/bytes.h>

namespace teehost::tdx_factory {

struct LoggedEvent {
    std::uint32_t reg; ///< 1: RTMR0
    std::uint32_t type;
    std::string measured; ///< what is hashed
    std::string data;     ///< what the log shows
};

/// A direct boot as an older OVMF logs it, with the firmware's words for an initrd behind the command line.
[[nodiscard]] std::vector<LoggedEvent> directBoot(const std::string& command_line);

struct CcelBuilder {
    std::vector<LoggedEvent> events{};
    std::size_t size = 0x2000;     ///< of the area
    std::uint8_t fill = 0xFF;      ///< behind the events
    std::uint16_t algorithm = 0xC; ///< named by each event

    [[nodiscard]] kit::Bytes build() const;
    /// Where the events end.
    [[nodiscard]] std::size_t used() const;
};

} // namespace teehost::tdx_factory
