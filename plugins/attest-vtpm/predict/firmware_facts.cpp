// SPDX-License-Identifier: Apache-2.0
#include "predict/firmware_facts.h"

#include <teehost/kit/utf16.h>

namespace teehost::vtpm {

FirmwareFacts FirmwareFacts::of(const kit::Sha256Digest& sha256, const Calibration* calibration,
                                const MachineShape& shape)
{
    FirmwareFacts out;
    out.build = findBuild(sha256);
    if (calibration != nullptr) {
        out.calibrated = calibration->find(sha256, shape);
        out.told = calibration->findFirmware(sha256);
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
    return told != nullptr ? told->behaviour : nullptr;
}

std::optional<std::string> FirmwareFacts::version() const
{
    if (build != nullptr)
        return std::string(build->version);
    return told != nullptr ? told->version : std::nullopt;
}

std::optional<bool> FirmwareFacts::hasSecureBoot() const
{
    if (build != nullptr)
        return build->hasSecureBoot;
    return told != nullptr ? told->hasSecureBoot : std::nullopt;
}

std::optional<kit::LoadOptionsForm> FirmwareFacts::loadOptions() const
{
    if (told != nullptr && told->loadOptions)
        return told->loadOptions;
    return behaviour() != nullptr ? std::optional(behaviour()->loadOptions) : std::nullopt;
}

kit::Bytes versionEvent(std::string_view version)
{
    kit::Bytes out = kit::utf16Of(version);
    out.insert(out.end(), 2, 0);
    return out;
}

} // namespace teehost::vtpm
