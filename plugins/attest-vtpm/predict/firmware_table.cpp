// SPDX-License-Identifier: Apache-2.0
#include "predict/firmware_table.h"

#include <algorithm>
#include <array>

namespace teehost::vtpm {
namespace {

using kit::LoadOptionsForm;

constexpr std::string_view kAcpi =
    "this firmware measures the ACPI tables that QEMU makes, which are not computed";
constexpr std::string_view kAcpiAndSmbios =
    "this firmware measures the ACPI and SMBIOS tables that QEMU makes, which are not computed";

// Source: edk2, OvmfPkg/Library/X86QemuLoadImageLib: "etc/boot/kernel" is asked for from edk2-stable202502
// on, the words for an initrd stand first from edk2-stable202508 on, and EnableLegacyLoader, which starts a
// denied kernel, is off by default from edk2-stable202602 on.
constexpr FirmwareBehaviour k202211{.name = "edk2-2022.11"};
constexpr FirmwareBehaviour k202502{.name = "edk2-2025.02", .otherInPcr1 = kAcpi, .takesWholeKernel = true};
constexpr FirmwareBehaviour k202608{.name = "edk2-2026.08",
                                    .loadOptions = LoadOptionsForm::InitrdFirst,
                                    .otherInPcr1 = kAcpiAndSmbios,
                                    .deniedKernel = DeniedKernel::Refused,
                                    .takesWholeKernel = true};
constexpr std::array kBehaviours{&k202211, &k202502, &k202608};

constexpr std::string_view kDebian13 = "2025.02-8+deb13u1", kDebianSid = "2026.08+ds-2";

constexpr std::array kBuilds{
    FirmwareBuild{.name = "Debian ovmf 2022.11-6+deb12u2, OVMF_CODE_4M.fd",
                  .sha256 = "b157d97b1f69729514feb7f201d2cbe4957f23ab77920e361fe9f822ba49ca4c",
                  .behaviour = &k202211,
                  .pei = PeiWrites{.platformInfo = 0xE0D8}},
    FirmwareBuild{.name = "Debian ovmf 2022.11-6+deb12u2, OVMF_CODE_4M.secboot.fd",
                  .sha256 = "d50189a486d22af418198226a3a5bcb6ddac775590f6a808bd629474ee034d62",
                  .behaviour = &k202211,
                  .pei = PeiWrites{.platformInfo = 0xE0D8, .memoryTypes = 0xE080},
                  .needsSmm = true},
    FirmwareBuild{.name = "Debian ovmf 2022.11-6+deb12u2, OVMF_CODE.fd",
                  .sha256 = "d9b568def24088c92f34b5479e0ed7e44d0a4d4cea8a0f5716719180bba48106",
                  .behaviour = &k202211,
                  .pei = PeiWrites{.platformInfo = 0xEFD8}},
    FirmwareBuild{.name = "Debian ovmf 2022.11-6+deb12u2, OVMF.fd",
                  .sha256 = "7b456907dd0786d415999e801a1ac4637b8ed4d7cf5378cfc6edbe5e574dd773",
                  .behaviour = &k202211},
    FirmwareBuild{.name = "Debian ovmf 2025.02-8+deb13u1, OVMF_CODE_4M.fd",
                  .sha256 = "624e06de18b4fa535e90db7160d00d3d07d206422b89999bf1e27d920264e4e0",
                  .behaviour = &k202502,
                  .version = kDebian13,
                  .hasSecureBoot = false,
                  .pei = PeiWrites{.acpiTimer = 0x6E50}},
    FirmwareBuild{.name = "Debian ovmf 2025.02-8+deb13u1, OVMF_CODE_4M.secboot.fd",
                  .sha256 = "1a46295574430cfb7f825ee3e4dc64b052acbef08e310377ed7c64cb757a9dc1",
                  .behaviour = &k202502,
                  .version = kDebian13,
                  .needsSmm = true},
    FirmwareBuild{.name = "Debian ovmf 2025.02-8+deb13u1, OVMF_CODE_4M.secboot.strictnx.fd",
                  .sha256 = "9ee9f2382e0c6aa95c87fed4131f9c1080a084d8ef7bff3d8b89147bf2a34b1b",
                  .behaviour = &k202502,
                  .version = kDebian13,
                  .needsSmm = true},
    FirmwareBuild{.name = "Debian ovmf 2025.02-8+deb13u1, OVMF.fd",
                  .sha256 = "14954040cc754ade0c625ac3470ea46d4c14318b5b1396de4ef77090203d76db",
                  .behaviour = &k202502,
                  .version = kDebian13,
                  .hasSecureBoot = false},
    FirmwareBuild{.name = "Debian ovmf-generic 2026.08+ds-2, OVMF_CODE_4M.fd",
                  .sha256 = "7e34e3b83224968bb0714c0ebc88f75c5c37b4cc892c902e511ccc7a7c107f94",
                  .behaviour = &k202608,
                  .version = kDebianSid,
                  .hasSecureBoot = false,
                  .pei = PeiWrites{}},
    FirmwareBuild{.name = "Debian ovmf-generic 2026.08+ds-2, OVMF_CODE_4M.secboot.fd",
                  .sha256 = "b3cdbd705066cdf2bb0c0b40b77c341dc2a19e0db56c9af0a54fa1737ff3ee5b",
                  .behaviour = &k202608,
                  .version = kDebianSid,
                  .needsSmm = true},
    FirmwareBuild{.name = "Debian ovmf-generic 2026.08+ds-2, OVMF_CODE_4M.secboot.strictnx.fd",
                  .sha256 = "6038b93ae5f86a57cae845e85b2c0382a778406a6e1547b09be1488feca58413",
                  .behaviour = &k202608,
                  .version = kDebianSid,
                  .needsSmm = true},
    FirmwareBuild{.name = "Debian ovmf-generic 2026.08+ds-2, OVMF.fd",
                  .sha256 = "6a3e8f438ad7269f5dfd884647587b88391fb23965bb3aa7902b519438dba129",
                  .behaviour = &k202608,
                  .version = kDebianSid,
                  .hasSecureBoot = false},
    FirmwareBuild{.name = "Debian ovmf-legacy 2026.08+ds-2, OVMF.legacy.fd",
                  .sha256 = "2f88d4dc4c4d8391acd9848b582aac434061c3480c30d3414af86a6ff8d5e620",
                  .behaviour = &k202608,
                  .version = kDebianSid,
                  .hasSecureBoot = false},
};

} // namespace

const FirmwareBuild* findBuild(kit::ByteView sha256) noexcept
{
    const auto digest = kit::toHex(sha256);
    for (const FirmwareBuild& build : kBuilds)
        if (build.sha256 == digest)
            return &build;
    return nullptr;
}

const FirmwareBehaviour* findBehaviour(std::string_view name) noexcept
{
    const auto found =
        std::find_if(kBehaviours.begin(), kBehaviours.end(),
                     [&](const FirmwareBehaviour* behaviour) { return behaviour->name == name; });
    return found == kBehaviours.end() ? nullptr : *found;
}

} // namespace teehost::vtpm
