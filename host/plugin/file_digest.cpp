// SPDX-License-Identifier: Apache-2.0
#include <mutex>

#include "host/plugin/plugin.h"

namespace teehost::plugin {

struct FileDigest::State {
    std::function<std::string()> compute;
    std::once_flag once;
    std::string hex;
};

FileDigest::FileDigest(std::function<std::string()> compute) : state_(std::make_shared<State>())
{
    state_->compute = std::move(compute);
}

const std::string& FileDigest::hex() const
{
    static const std::string kNone;
    if (!state_)
        return kNone;
    std::call_once(state_->once, [this] { state_->hex = state_->compute(); });
    return state_->hex;
}

} // namespace teehost::plugin
