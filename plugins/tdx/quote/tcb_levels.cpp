// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/tcb_levels.h"

#include "tdx/quote/json_fields.h"

namespace teehost::tdx {
namespace {

constexpr std::size_t kMostLevels = 256, kMostAdvisories = 256;

bool isAdvisory(const kit::JsonView& value)
{
    constexpr std::size_t kMost = 64;
    const std::string_view text = value.text();
    return !text.empty() && text.size() <= kMost && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

} // namespace

TcbRating readRating(const JsonFields& level)
{
    TcbRating out;
    const auto status = statusNamed(level.text("tcbStatus"));
    if (!status || *status == TcbStatus::TdRelaunchAdvised ||
        *status == TcbStatus::TdRelaunchAdvisedConfigurationNeeded)
        level.fail("tcbStatus", "a status of a TCB level");
    out.status = *status;
    out.date = level.time("tcbDate");
    if (!level.has("advisoryIDs"))
        return out;
    constexpr const char* kAdvisories = "a list of ids of advisories";
    const kit::JsonView& list = level.at("advisoryIDs");
    if (!list.isList() || list.size() > kMostAdvisories)
        level.fail("advisoryIDs", kAdvisories);
    list.each([&](const kit::JsonView& id) {
        if (!isAdvisory(id))
            level.fail("advisoryIDs", kAdvisories);
        out.advisories.emplace_back(id.text());
    });
    return out;
}

std::vector<IsvLevel> readIsvLevels(const JsonFields& owner)
{
    std::vector<IsvLevel> levels;
    owner.each("tcbLevels", kMostLevels, [&](const JsonFields& level) {
        const auto svn = static_cast<std::uint16_t>(level.object("tcb").number("isvsvn", UINT16_MAX));
        levels.push_back({svn, readRating(level)});
    });
    // So Intel writes them; the first that is reached counts.
    std::stable_sort(levels.begin(), levels.end(),
                     [](const IsvLevel& a, const IsvLevel& b) { return a.isvSvn > b.isvSvn; });
    return levels;
}

const TcbRating* ratingOf(const std::vector<IsvLevel>& levels, std::uint16_t isv_svn) noexcept
{
    for (const IsvLevel& level : levels)
        if (level.isvSvn <= isv_svn)
            return &level.rating;
    return nullptr;
}

} // namespace teehost::tdx
