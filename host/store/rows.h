// SPDX-License-Identifier: Apache-2.0
//
// The rows that the store keeps, as plain values. Nothing here is secret: requests are stored without what
// they hand to the guest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/base/durability.h"

namespace teehost::store {

/// A process, so that it can be told from any other that ever ran on this host. The boot id is that of
/// /proc/sys/kernel/random/boot_id; start ticks are field 22 of /proc/PID/stat (proc(5)).
struct ProcessRow {
    std::string bootId;
    std::int64_t pid = 0;
    std::uint64_t startTicks = 0;
};

struct VmRow {
    std::string id;
    std::string state;                   ///< as vm::stateName writes it
    std::optional<std::uint16_t> port;   ///< held on the host; unique among all rows
    std::optional<ProcessRow> qemu;      ///< while there is one
    std::int64_t createdUs = 0;          ///< µs since the epoch
    std::optional<std::int64_t> ttlEnds; ///< µs since the epoch
    std::string body;                    ///< the rest, JSON
};

struct EventRow {
    std::uint64_t seq = 0; ///< grows, never used twice for something a client was told
    std::int64_t atUs = 0; ///< µs since the epoch
    std::string vmId;
    std::string body; ///< JSON
};

/// The writes of one transaction.
struct Change {
    std::optional<VmRow> save;     ///< inserted, or in place of the row with that id
    std::string forget;            ///< id of a VM whose row goes; empty: none
    std::optional<EventRow> event; ///< appended
    /// The promise that `done` may make. With SurvivesPowerCut it covers every change written before this
    /// one.
    Durability durability = Durability::SurvivesDaemon;
};

} // namespace teehost::store
