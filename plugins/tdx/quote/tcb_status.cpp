// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/tcb_status.h"

#include <algorithm>
#include <array>

namespace teehost::tdx {
namespace {

using enum TcbStatus;

constexpr std::array<std::string_view, 9> kNames{
    "UpToDate",
    "SWHardeningNeeded",
    "ConfigurationNeeded",
    "ConfigurationAndSWHardeningNeeded",
    "OutOfDate",
    "OutOfDateConfigurationNeeded",
    "TDRelaunchAdvised",
    "TDRelaunchAdvisedConfigurationNeeded",
    "Revoked",
};

bool isOutOfDate(TcbStatus status) noexcept
{
    return status == OutOfDate || status == OutOfDateConfigurationNeeded;
}
bool namesConfiguration(TcbStatus status) noexcept
{
    return status == ConfigurationNeeded || status == ConfigurationAndSwHardeningNeeded ||
           status == OutOfDateConfigurationNeeded;
}

} // namespace

std::string_view nameOf(TcbStatus status) noexcept { return kNames[static_cast<std::size_t>(status)]; }

std::optional<TcbStatus> statusNamed(std::string_view name) noexcept
{
    const auto it = std::find(kNames.begin(), kNames.end(), name);
    if (it == kNames.end())
        return std::nullopt;
    return static_cast<TcbStatus>(it - kNames.begin());
}

TcbRating converge(const TcbRating& platform, const std::vector<const TcbRating*>& components)
{
    TcbRating out = platform;
    bool outOfDate = false, revoked = platform.status == Revoked;
    for (const TcbRating* component : components) {
        revoked = revoked || component->status == Revoked;
        outOfDate = outOfDate || isOutOfDate(component->status);
        out.date = std::min(out.date, component->date);
        for (const std::string& advisory : component->advisories)
            if (std::find(out.advisories.begin(), out.advisories.end(), advisory) == out.advisories.end())
                out.advisories.push_back(advisory);
    }
    if (revoked)
        out.status = Revoked;
    else if (outOfDate && namesConfiguration(platform.status))
        out.status = OutOfDateConfigurationNeeded;
    else if (outOfDate && !isOutOfDate(platform.status))
        out.status = OutOfDate;
    return out;
}

TcbStatus afterUpdate(TcbStatus launch, TcbStatus current) noexcept
{
    const bool currentIsFine = current == UpToDate || current == SwHardeningNeeded ||
                               current == ConfigurationNeeded || current == ConfigurationAndSwHardeningNeeded;
    if (current == Revoked)
        return Revoked;
    if (!isOutOfDate(launch) || !currentIsFine)
        return launch;
    return namesConfiguration(launch) || namesConfiguration(current) ? TdRelaunchAdvisedConfigurationNeeded
                                                                     : TdRelaunchAdvised;
}

} // namespace teehost::tdx
