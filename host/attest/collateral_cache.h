// SPDX-License-Identifier: Apache-2.0
//
// Fetched collateral in files, one an URL, so that it survives a restart and works without a network. What is
// damaged, foreign or of another form is passed over as if it were not there: it can be fetched again.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "host/base/log.h"
#include "host/plugin/fetch.h"

namespace teehost::attest {

struct CachedCollateral {
    std::string url, accept;
    plugin::FetchResponse response;
};

/// Any thread, and several processes at once: a file appears whole or not at all.
class CollateralCache {
public:
    /// Touches nothing. `log` must outlive the cache.
    CollateralCache(std::filesystem::path directory, const Log& log)
        : directory_(std::move(directory)), log_(log)
    {
    }

    [[nodiscard]] std::optional<CachedCollateral> find(const std::string& url,
                                                       const std::string& accept) const;
    /// Replaces what is there for the URL; makes the directory, with mode 0700, when there is none. A failure
    /// is a line in the log, and so is a directory that others may write to: nothing is kept in it.
    void put(const CachedCollateral& collateral) const;

private:
    [[nodiscard]] std::filesystem::path pathOf(const std::string& url) const;
    void write(const CachedCollateral& collateral) const;
    void makeRoom() const;

    std::filesystem::path directory_;
    const Log& log_;
};

} // namespace teehost::attest
