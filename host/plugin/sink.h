// SPDX-License-Identifier: Apache-2.0
//
// What all sinks share: counting, and turning our exceptions into statuses before they reach the plugin's
// frames.
#pragma once

#include <algorithm>
#include <new>
#include <optional>

#include "host/base/error.h"
#include "host/plugin/border.h"

namespace teehost::plugin {

class Sink {
public:
    /// Runs `body`, counting one item and the `elements` of its arrays. The first refusal is kept: it makes
    /// the call fail even when the plugin passes over it.
    template <class Body>
    th_status take(Body&& body, std::size_t elements = 0) noexcept
    {
        try {
            count(elements);
            count(1);
            body();
            return TH_OK;
        } catch (const Error& e) {
            return refuse(e);
        } catch (const std::bad_alloc&) {
            outOfMemory_ = true;
            return TH_RESOURCE_EXHAUSTED;
        } catch (const std::exception& e) {
            return refuseInternal(e.what());
        } catch (...) {
            return refuseInternal("an exception of unknown type");
        }
    }

    /// Throws what was refused, if anything was.
    void rethrow() const
    {
        if (outOfMemory_)
            throw std::bad_alloc();
        if (refused_)
            throw Error(*refused_);
    }

protected:
    /// For the elements of arrays that stand inside a struct.
    void count(std::size_t items)
    {
        items_ += std::min(items, kMaxItems + 1); // a huge count must not wrap around
        if (items_ > kMaxItems)
            throw Error(Category::ResourceExhausted,
                        "more than " + std::to_string(kMaxItems) + " items were given");
    }

private:
    th_status refuse(const Error& error) noexcept
    {
        try {
            if (!refused_)
                refused_.emplace(error);
        } catch (...) {
            outOfMemory_ = true; // the only way for a copy of an Error to fail
        }
        return static_cast<th_status>(error.category());
    }
    th_status refuseInternal(const char* what) noexcept
    {
        try {
            return refuse(Error(Category::Internal, what));
        } catch (...) {
            outOfMemory_ = true;
            return TH_INTERNAL;
        }
    }

    std::size_t items_ = 0;
    bool outOfMemory_ = false;
    std::optional<Error> refused_;
};

/// The sink's state behind a C table, whichever table it is.
template <class State, class Table>
State& stateOf(const Table* table) noexcept
{
    return *static_cast<State*>(table->ctx);
}

} // namespace teehost::plugin
