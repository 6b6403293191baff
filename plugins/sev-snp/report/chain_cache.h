// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>

#include "report/chain.h"

namespace teehost::sev_snp {

/// What was worked out of certificates, by the digest of all that it was worked out of: a host's VMs share
/// one chain. Thread-safe; the least recently used of too many goes.
class ChainCache {
public:
    using Key = kit::Sha256Digest;

    [[nodiscard]] std::shared_ptr<const ChainFacts> find(const Key& key);
    void keep(const Key& key, std::shared_ptr<const ChainFacts> facts);

private:
    struct Entry {
        Key key;
        std::shared_ptr<const ChainFacts> facts;
    };
    std::mutex mutex_;
    std::list<Entry> entries_; ///< most recently used first
    std::map<Key, std::list<Entry>::iterator> index_;
};

} // namespace teehost::sev_snp
