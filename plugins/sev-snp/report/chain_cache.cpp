// SPDX-License-Identifier: Apache-2.0
#include "report/chain_cache.h"

namespace teehost::sev_snp {
namespace {

constexpr std::size_t kMostEntries = 64;

} // namespace

std::shared_ptr<const ChainFacts> ChainCache::find(const Key& key)
{
    const std::lock_guard lock(mutex_);
    const auto it = index_.find(key);
    if (it == index_.end())
        return nullptr;
    entries_.splice(entries_.begin(), entries_, it->second);
    return it->second->facts;
}

void ChainCache::keep(const Key& key, std::shared_ptr<const ChainFacts> facts)
{
    const std::lock_guard lock(mutex_);
    if (index_.contains(key))
        return;
    entries_.push_front({key, std::move(facts)});
    index_[key] = entries_.begin();
    if (entries_.size() > kMostEntries) {
        index_.erase(entries_.back().key);
        entries_.pop_back();
    }
}

} // namespace teehost::sev_snp
