// SPDX-License-Identifier: Apache-2.0
#include "cli/output/launch_timeline.h"

#include <algorithm>

#include "cli/input/duration.h"
#include "cli/output/table.h"
#include "cli/output/vm_text.h"

namespace teehost::cli {

bool LaunchTimeline::record(LaunchStep step)
{
    if (!steps_.empty() && steps_.back().state == step.state)
        return false;
    steps_.push_back(std::move(step));
    return true;
}

bool LaunchTimeline::reached(v1::VmState state) const noexcept
{
    return std::any_of(steps_.begin(), steps_.end(),
                       [state](const auto& step) { return step.state == state; });
}

std::optional<v1::VmState> LaunchTimeline::current() const
{
    return steps_.empty() ? std::nullopt : std::optional(steps_.back().state);
}

std::string LaunchTimeline::renderTable() const
{
    Table table({{"STATE"}, {"REACHED", Align::Right}, {"LASTED", Align::Right}});
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        const bool last = i + 1 == steps_.size();
        table.add({stateName(steps_[i].state), formatDuration(steps_[i].at),
                   last ? "" : formatDuration(steps_[i + 1].at - steps_[i].at)});
    }
    return table.render();
}

Json LaunchTimeline::toJson() const
{
    Json json = Json::object();
    for (const auto& step : steps_) {
        const std::string name = stateName(step.state);
        if (!json.contains(name))
            json[name] = toSeconds(step.at);
    }
    return json;
}

} // namespace teehost::cli
