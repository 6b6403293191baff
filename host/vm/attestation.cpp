// SPDX-License-Identifier: Apache-2.0
#include "host/vm/attestation.h"

#include <array>
#include <utility>

namespace teehost::vm {
namespace {

constexpr std::array<std::pair<Standing, std::string_view>, 4> kNames{{{Standing::Unknown, "unknown"},
                                                                       {Standing::Attested, "attested"},
                                                                       {Standing::Failed, "failed"},
                                                                       {Standing::Undecided, "undecided"}}};

} // namespace

std::string_view standingName(Standing standing) noexcept
{
    for (const auto& [one, name] : kNames)
        if (one == standing)
            return name;
    return "unknown";
}

Standing parseStanding(std::string_view name) noexcept
{
    for (const auto& [standing, known] : kNames)
        if (known == name)
            return standing;
    return Standing::Unknown;
}

} // namespace teehost::vm
