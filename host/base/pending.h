// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <set>
#include <string>

namespace teehost {

/// The names of work that is going on, for people who wait for it. Thread-safe.
class Pending {
public:
    /// One piece of work, until its end.
    class Piece {
    public:
        Piece(Pending& all, std::string name) : all_(all), name_(std::move(name))
        {
            const std::lock_guard lock(all_.mutex_);
            all_.names_.insert(name_);
        }
        ~Piece()
        {
            const std::lock_guard lock(all_.mutex_);
            all_.names_.erase(all_.names_.find(name_));
        }
        Piece(const Piece&) = delete;
        Piece& operator=(const Piece&) = delete;

    private:
        Pending& all_;
        std::string name_;
    };

    /// "kvm, plugin tdx"; empty when nothing goes on.
    [[nodiscard]] std::string text() const
    {
        const std::lock_guard lock(mutex_);
        std::string out;
        for (const auto& name : names_)
            out += (out.empty() ? "" : ", ") + name;
        return out;
    }

private:
    mutable std::mutex mutex_;
    std::multiset<std::string> names_; ///< guarded by mutex_
};

} // namespace teehost
