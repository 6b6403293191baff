// SPDX-License-Identifier: Apache-2.0
#include "host/vm/ahead_pool.h"

#include <algorithm>
#include <string_view>

namespace teehost::vm {
namespace {

std::string replaced(std::string_view text, const std::string& from, const std::string& to)
{
    std::string out;
    for (auto at = text.find(from); at != std::string_view::npos; at = text.find(from)) {
        out.append(text.substr(0, at)).append(to);
        text.remove_prefix(at + from.size());
    }
    return out.append(text);
}

} // namespace

std::vector<AheadWork> aheadWorkOf(const std::vector<plugin::Fragment>& fragments)
{
    std::vector<AheadWork> out;
    for (const auto& fragment : fragments) {
        AheadWork work;
        // A secret must not lie about before there is a VM, and a source may change until there is one.
        const bool plain = std::all_of(fragment.files.begin(), fragment.files.end(), [](const auto& file) {
            return !file.sensitive && file.copyFrom.empty();
        });
        for (const auto& sidecar : fragment.sidecars)
            if (plain && sidecar.ahead)
                work.steps.push_back(sidecar);
        work.files = fragment.files;
        if (!work.steps.empty())
            out.push_back(std::move(work));
    }
    return out;
}

AheadWork relocated(const AheadWork& work, const std::string& from, const std::string& to)
{
    AheadWork out = work;
    for (auto& step : out.steps) {
        for (auto& argument : step.argv)
            argument = replaced(argument, from, to);
        for (auto& variable : step.env)
            variable.value = replaced(variable.value, from, to);
    }
    for (auto& file : out.files) {
        const std::string_view text(reinterpret_cast<const char*>(file.content.data()), file.content.size());
        const std::string moved = replaced(text, from, to);
        file.content = {moved.begin(), moved.end()};
    }
    return out;
}

AheadPool::Reservation::~Reservation()
{
    const auto pool = from_.lock();
    if (!pool || !made_)
        return;
    if (pool->full()) // it was filled up meanwhile
        pool->discard(std::move(*made_));
    else
        pool->ready_.push_front(std::move(*made_));
}

std::optional<VmId> AheadPool::Reservation::id() const
{
    return made_ ? std::optional(made_->id) : std::nullopt;
}

std::optional<MadeAhead> AheadPool::Reservation::claim(const std::vector<plugin::Fragment>& fragments)
{
    std::optional<MadeAhead> made = std::exchange(made_, std::nullopt);
    const auto pool = from_.lock();
    if (pool)
        pool->changed_->notify();
    if (made && made->work == aheadWorkOf(fragments))
        return made;
    if (made && pool)
        pool->discard(std::move(*made));
    return std::nullopt;
}

AheadPool::Reservation AheadPool::reserve(const std::string& backend)
{
    const auto found = std::find_if(ready_.begin(), ready_.end(),
                                    [&](const MadeAhead& made) { return made.backend == backend; });
    if (found == ready_.end())
        return {};
    Reservation out(weak_from_this(), std::move(*found));
    ready_.erase(found);
    return out;
}

void AheadPool::discard(MadeAhead made)
{
    pool_.post([dirs = std::move(made.dirs), &log = log_] {
        if (const std::string left = dirs.remove(); !left.empty())
            log.warning("a directory made ahead of a vm stays until the next start", {{"error", left}});
        launch::VmDirs::removeLogs(dirs.paths());
    });
}

} // namespace teehost::vm
