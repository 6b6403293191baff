// SPDX-License-Identifier: Apache-2.0
//
// A daemon for many light VMs, and what it takes of the machine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "support/client.h"
#include "support/daemon.h"

namespace teehost::test {

/// What must be back where it was once all VMs are gone.
struct Footprint {
    std::size_t threads = 0, files = 0, children = 0;
    std::size_t rows = 0;        ///< of VMs in the store
    std::size_t directories = 0; ///< of VMs: run, state, log
    std::uint64_t residentKiB = 0;
};

class BenchDaemon {
public:
    /// Room for `vms` of them.
    explicit BenchDaemon(std::size_t vms);
    BenchDaemon(const BenchDaemon&) = delete;
    BenchDaemon& operator=(const BenchDaemon&) = delete;
    ~BenchDaemon();

    void start();
    void crash();
    /// Throws unless the daemon ends well: also how a sanitizer's finding becomes a failure.
    void terminate();

    [[nodiscard]] std::unique_ptr<Client> client() const
    {
        return std::make_unique<Client>(daemon_->grpcAddress());
    }
    [[nodiscard]] Footprint footprint() const;
    [[nodiscard]] std::string log() const { return daemon_->log(); }

private:
    Stage stage_;
    PortRange ports_;
    std::unique_ptr<Daemon> daemon_;
};

} // namespace teehost::test
