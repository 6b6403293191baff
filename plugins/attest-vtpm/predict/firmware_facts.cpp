// SPDX-License-Identifier: Apache-2.0
#include "predict/firmware_facts.h"

#include <teehost/kit/utf16.h>

namespace teehost::vtpm {
namespace {

/// A fact as the first boot says it that says it at all: the log of one boot tells what that of another does
/// not.
template <class Fact>
Fact firstTold(const std::vector<const CalibratedBoot*>& boots, Fact CalibratedBoot::*fact)
{
    for (const CalibratedBoot* boot : boots)
        if (boot->*fact)
            return boot->*fact;
    return {};
}

} // namespace

FirmwareFacts FirmwareFacts::of(const kit::Sha256Digest& sha256, const Calibration* calibration,
                                const MachineShape& shape)
{
    FirmwareFacts out;
    out.build = findBuild(sha256);
    if (calibration != nullptr) {
        out.calibrated = calibration->find(sha256, shape);
        out.told = calibration->findAll(sha256, shape);
    }
    out.name = out.build != nullptr
                   ? std::string(out.build->name) + " (" + std::string(out.build->behaviour->name) + ")"
                   : "SHA-256 " + kit::toHex(sha256);
    return out;
}

const FirmwareBehaviour* FirmwareFacts::behaviour() const
{
    if (build != nullptr)
        return build->behaviour;
    return firstTold(told, &CalibratedBoot::behaviour);
}

std::optional<std::string> FirmwareFacts::version() const
{
    if (build != nullptr)
        return std::string(build->version);
    return firstTold(told, &CalibratedBoot::version);
}

std::optional<bool> FirmwareFacts::hasSecureBoot() const
{
    if (build != nullptr)
        return build->hasSecureBoot;
    return firstTold(told, &CalibratedBoot::hasSecureBoot);
}

std::optional<kit::LoadOptionsForm> FirmwareFacts::loadOptions() const
{
    if (const auto form = firstTold(told, &CalibratedBoot::loadOptions))
        return form;
    return behaviour() != nullptr ? std::optional(behaviour()->loadOptions) : std::nullopt;
}

kit::Bytes versionEvent(std::string_view version)
{
    kit::Bytes out = kit::utf16Of(version);
    out.insert(out.end(), 2, 0);
    return out;
}

} // namespace teehost::vtpm
