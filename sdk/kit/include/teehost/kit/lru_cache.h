// SPDX-License-Identifier: Apache-2.0
//
// What was worked out of bytes that come again and again, by the digest of all that it was worked out of.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "teehost/kit/digest.h"

namespace teehost::kit {

/// The digest of several pieces; where one ends and the next begins counts.
class ContentKey {
public:
    ContentKey& add(ByteView piece)
    {
        std::array<std::uint8_t, 8> length{};
        for (std::size_t i = 0; i < length.size(); ++i)
            length[i] = static_cast<std::uint8_t>(std::uint64_t{piece.size()} >> (8 * i));
        hasher_.update(length);
        hasher_.update(piece);
        return *this;
    }
    [[nodiscard]] Sha256Digest finish() { return hasher_.finish(); }

private:
    Sha256 hasher_;
};

/// Thread-safe; the least recently used of too many goes.
template <class Value>
class LruCache {
public:
    using Key = Sha256Digest;

    explicit LruCache(std::size_t most = 64) : most_(most) {}

    [[nodiscard]] std::shared_ptr<const Value> find(const Key& key)
    {
        const std::lock_guard lock(mutex_);
        const auto it = index_.find(key);
        if (it == index_.end())
            return nullptr;
        entries_.splice(entries_.begin(), entries_, it->second);
        return it->second->value;
    }

    void keep(const Key& key, std::shared_ptr<const Value> value)
    {
        const std::lock_guard lock(mutex_);
        if (index_.contains(key))
            return;
        entries_.push_front({key, std::move(value)});
        index_[key] = entries_.begin();
        if (entries_.size() > most_) {
            index_.erase(entries_.back().key);
            entries_.pop_back();
        }
    }

private:
    struct Entry {
        Key key;
        std::shared_ptr<const Value> value;
    };
    const std::size_t most_;
    std::mutex mutex_;
    std::list<Entry> entries_; ///< most recently used first
    std::map<Key, typename std::list<Entry>::iterator> index_;
};

} // namespace teehost::kit
