// SPDX-License-Identifier: Apache-2.0
#include "tdx/measure/firmware_profile.h"

#include <array>

#include <teehost/kit/input_error.h>
#include <teehost/kit/qemu_command_line.h>

namespace teehost::tdx {
namespace {

constexpr std::array kKnown{KnownFirmware{
    "Debian 12, ovmf 2022.11-6+deb12u2, OVMF.fd",
    "7b456907dd0786d415999e801a1ac4637b8ed4d7cf5378cfc6edbe5e574dd773", "edk2-2022.11",
    // Looked for in its DXEFV: F062221E-C607-44C2-B0B4-C3886331D351 is missing. OvmfPkgX64.dsc has the driver
    // with CC_MEASUREMENT_ENABLE only.
    "this build has no driver that measures into RTMRs (TdTcg2Dxe): they do not tell what it boots; use a "
    "firmware that is built with CC_MEASUREMENT_ENABLE"}};

FirmwareProfile edk202211() { return {.name = "edk2-2022.11"}; }

FirmwareProfile edk202502()
{
    return {.name = "edk2-2025.02",
            .readyToBoot = ReadyToBoot::Rtmr1,
            .loadOptions = kit::LoadOptionsForm::InitrdFirst,
            .measuresFwCfg = true};
}

[[noreturn]] void refuse(std::string_view text, const std::string& why)
{
    throw kit::InputError("bad_firmware_profile",
                          "the firmware profile \"" + std::string(text) + "\" " + why);
}

/// Which of two words it is.
bool isSecond(std::string_view text, const std::string& key, const std::string& value, std::string_view first,
              std::string_view second)
{
    if (value != first && value != second)
        refuse(text,
               "has " + key + "=" + value + ": it is " + std::string(first) + " or " + std::string(second));
    return value == second;
}

FirmwareProfile custom(std::string_view text)
{
    FirmwareProfile out{.name = "custom"};
    for (const auto& [key, value] : kit::parseQemuOptions(text)) {
        if (key.empty())
            continue;
        if (key == "ready-to-boot")
            out.readyToBoot =
                isSecond(text, key, value, "rtmr0", "rtmr1") ? ReadyToBoot::Rtmr1 : ReadyToBoot::Rtmr0;
        else if (key == "initrd")
            out.loadOptions = isSecond(text, key, value, "last", "first") ? kit::LoadOptionsForm::InitrdFirst
                                                                          : kit::LoadOptionsForm::InitrdLast;
        else if (key == "fw-cfg")
            out.measuresFwCfg = isSecond(text, key, value, "off", "on");
        else if (key == "smbios")
            out.measuresSmbios = isSecond(text, key, value, "off", "on");
        else if (key == "secure-boot")
            out.hasSecureBoot = isSecond(text, key, value, "off", "on");
        else
            refuse(text, "has the unknown word " + key);
    }
    return out;
}

} // namespace

std::optional<FirmwareProfile> parseFirmwareProfile(std::string_view text)
{
    if (text.empty() || text == "auto")
        return std::nullopt;
    if (text == "edk2-2022.11")
        return edk202211();
    if (text == "edk2-2025.02")
        return edk202502();
    if (text == "custom" || text.starts_with("custom,"))
        return custom(text);
    refuse(text, "is none of auto, edk2-2022.11, edk2-2025.02 and custom");
}

const KnownFirmware* findFirmware(const kit::Sha256Digest& sha256) noexcept
{
    const std::string digest = kit::toHex(sha256);
    for (const KnownFirmware& known : kKnown)
        if (known.sha256 == digest)
            return &known;
    return nullptr;
}

} // namespace teehost::tdx
