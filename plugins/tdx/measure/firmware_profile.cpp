// SPDX-License-Identifier: Apache-2.0
#include "tdx/measure/firmware_profile.h"

#include <array>

#include <teehost/kit/input_error.h>
#include <teehost/kit/qemu_command_line.h>

namespace teehost::tdx {
namespace {

// The DXEFV of each was examined: driver F062221E-C607-44C2-B0B4-C3886331D351 measures into RTMRs, and is
// there where OvmfPkgX64.dsc was built with CC_MEASUREMENT_ENABLE only. The way of the command line was seen
// by booting the image beside a TPM, into which the kernel measures the same.
constexpr std::array kKnown{
    KnownFirmware{"Debian 12, ovmf 2022.11-6+deb12u2, OVMF.fd",
                  "7b456907dd0786d415999e801a1ac4637b8ed4d7cf5378cfc6edbe5e574dd773", "edk2-2022.11",
                  "this build has no driver that measures into RTMRs (TdTcg2Dxe): they do not tell what it "
                  "boots; use a "
                  "firmware that is built with CC_MEASUREMENT_ENABLE"},
    KnownFirmware{"Debian 13, ovmf 2025.02-8+deb13u1, OVMF.fd",
                  "14954040cc754ade0c625ac3470ea46d4c14318b5b1396de4ef77090203d76db",
                  "edk2-2025.02",
                  {}},
    KnownFirmware{"Debian sid, ovmf-generic 2026.08+ds-2, OVMF.fd",
                  "6a3e8f438ad7269f5dfd884647587b88391fb23965bb3aa7902b519438dba129",
                  "edk2-2025.08",
                  {}},
    KnownFirmware{"Debian sid, ovmf-inteltdx 2026.08+ds-2, OVMF.inteltdx.ms.fd",
                  "a265075b4147a096109e501e76196df1ec8a18659c26f7401492c597ec88f312",
                  "edk2-2025.08",
                  {}},
    KnownFirmware{
        "Debian sid, ovmf-amdsev 2026.08+ds-2, OVMF.amdsev.fd",
        "3e4fd0b3fe3b2dbe481c3d9e99418a034174f26cbe1f55aa212b0f18c12d2d6f", "edk2-2025.08",
        "this build for SEV has no driver that measures into RTMRs (TdTcg2Dxe): they do not tell what "
        "it boots; use OVMF.fd or OVMF.inteltdx.ms.fd of the same version"}};

FirmwareProfile edk202211() { return {.name = "edk2-2022.11"}; }

// The separator went from RTMR0 to RTMR1 in edk2-stable202411 (commit efaf8931bb). An event log of
// Ubuntu 25.04's 2025.02 has no fw_cfg items and one boot option.
FirmwareProfile edk202502() { return {.name = "edk2-2025.02", .readyToBoot = ReadyToBoot::Rtmr1}; }

// fw_cfg items (fb56dc78ef, 2eac71a1ee), SMBIOS tables (cd76265f1a) and a second boot option (9d9e3a2ba8) are
// measured from edk2-stable202505 on, and the words for an initrd stand first from edk2-stable202508 on
// (a2ac0fea49). An event log of Ubuntu 26.04's 2025.11, and Debian's 2026.08 beside a TPM, show the same.
FirmwareProfile edk202508()
{
    return {.name = "edk2-2025.08",
            .readyToBoot = ReadyToBoot::Rtmr1,
            .loadOptions = kit::LoadOptionsForm::InitrdFirst,
            .measuresFwCfg = true,
            .measuresSmbios = true};
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
    if (text == "edk2-2025.08")
        return edk202508();
    if (text == "custom" || text.starts_with("custom,"))
        return custom(text);
    refuse(text, "is none of auto, edk2-2022.11, edk2-2025.02, edk2-2025.08 and custom");
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
