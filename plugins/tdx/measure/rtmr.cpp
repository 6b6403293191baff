// SPDX-License-Identifier: Apache-2.0
#include "tdx/measure/rtmr.h"

#include <algorithm>

#include <teehost/kit/boot_events.h>

namespace teehost::tdx {

kit::Sha384Digest rtmrOf(const TdEvents& events)
{
    kit::Sha384 hasher;
    kit::Sha384Digest value{};
    for (const TdEvent& event : events) {
        hasher.update(value);
        hasher.update(event.digest);
        value = hasher.finish();
    }
    return value;
}

void RegisterPrediction::add(std::string when, TdEvents events)
{
    const kit::Sha384Digest value = rtmrOf(events);
    const bool known = std::any_of(candidates.begin(), candidates.end(),
                                   [&](const Candidate& one) { return one.value == value; });
    if (!known)
        candidates.push_back({std::move(when), value, std::move(events)});
}

TdEvent textEvent(std::string_view text)
{
    return {"\"" + std::string(text) + "\"", "", kit::sha384(kit::viewOf(text))};
}

TdEvent separatorEvent(std::string_view what)
{
    return {std::string(what), "", kit::sha384(kit::kSeparator)};
}

} // namespace teehost::tdx
