// SPDX-License-Identifier: Apache-2.0
#include "host/vm/marker_search.h"

#include <algorithm>
#include <utility>

#include "host/vm/console.h"

namespace teehost::vm {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

} // namespace

MarkerSearch::MarkerSearch(std::filesystem::path log, std::string marker, std::uint64_t start)
    : log_(std::move(log)), marker_(std::move(marker)), offset_(start)
{
}

bool MarkerSearch::look()
{
    if (found_ || marker_.empty())
        return found_;
    if (fileSize(log_) < offset_) { // rotation has emptied it
        offset_ = 0;
        carried_.clear();
    }
    const std::string piece = readFileAt(log_, offset_, kPieceBytes);
    offset_ += piece.size();
    carried_ += piece;
    found_ = carried_.find(marker_) != std::string::npos;
    carried_.erase(0, carried_.size() - std::min(carried_.size(), marker_.size() - 1));
    return found_;
}

} // namespace teehost::vm
