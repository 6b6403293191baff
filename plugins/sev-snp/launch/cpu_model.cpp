// SPDX-License-Identifier: Apache-2.0
#include "launch/cpu_model.h"

#include <algorithm>
#include <array>

namespace teehost::sev_snp {
namespace {

struct Model {
    std::string_view name;
    std::uint32_t signature;
};

// Family, model and stepping as QEMU defines them. The first EPYC-IBPB is a renamed EPYC-v2.
constexpr std::array kModels{
    Model{"EPYC", cpuSignature(23, 1, 2)},        Model{"EPYC-IBPB", cpuSignature(23, 1, 2)},
    Model{"EPYC-Rome", cpuSignature(23, 49, 0)},  Model{"EPYC-Milan", cpuSignature(25, 1, 1)},
    Model{"EPYC-Genoa", cpuSignature(25, 17, 0)}, Model{"EPYC-Turin", cpuSignature(26, 0, 0)},
};
static_assert(kModels[3].signature == 0x00a00f11);

/// "EPYC-Milan-v2" -> "EPYC-Milan".
std::string_view withoutVersion(std::string_view model) noexcept
{
    const std::size_t dash = model.rfind("-v");
    if (dash == std::string_view::npos || dash + 2 == model.size())
        return model;
    const std::string_view digits = model.substr(dash + 2);
    const bool isNumber =
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    return isNumber ? model.substr(0, dash) : model;
}

} // namespace

std::optional<std::uint32_t> signatureOfCpu(std::string_view model) noexcept
{
    const std::string_view name = withoutVersion(model);
    const auto it =
        std::find_if(kModels.begin(), kModels.end(), [&](const Model& m) { return m.name == name; });
    return it == kModels.end() ? std::nullopt : std::optional(it->signature);
}

} // namespace teehost::sev_snp
