// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "host/vm/event_log.h"

namespace teehost::telemetry {

/// What /metrics shows. Thread-safe.
class Metrics {
public:
    Metrics();
    ~Metrics();

    /// Counts a VM that was there before the first event.
    void admit(vm::VmState state);
    void setStoreHealthy(bool healthy);
    void setLogLinesDropped(std::uint64_t lines);
    /// Counts one event of a VM; call for every event of the log.
    void count(const vm::Event& event);
    /// The Prometheus text format.
    [[nodiscard]] std::string text() const;

private:
    struct Families;
    std::unique_ptr<Families> families_;
};

} // namespace teehost::telemetry
