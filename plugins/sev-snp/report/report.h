// SPDX-License-Identifier: Apache-2.0
//
// ATTESTATION_REPORT: what the SEV firmware says of a guest (56860, section 7.3, table "ATTESTATION_REPORT
// Structure").
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <teehost/kit/bytes.h>

#include "report/tcb.h"

namespace teehost::sev_snp {

inline constexpr std::size_t kReportSize = 1184;
inline constexpr std::size_t kSignedSize = 0x2a0;
inline constexpr std::uint32_t kNewestReportVersion = 5;

/// SIGNING_KEY of KEY_INFO.
enum class SigningKey : std::uint8_t { Vcek = 0, Vlek = 1, None = 7 };

/// Bits of the guest policy (56860, section 4.3).
enum class PolicyBit : unsigned {
    Smt = 16,
    Reserved1 = 17, ///< must be one
    MigrateMa = 18,
    Debug = 19,
    SingleSocket = 20,
    CxlAllow = 21,
    MemAes256Xts = 22,
    RaplDisable = 23,
    CiphertextHiding = 24,
    PageSwapDisable = 25
};
[[nodiscard]] constexpr bool has(std::uint64_t policy, PolicyBit bit) noexcept
{
    return (policy >> static_cast<unsigned>(bit) & 1) != 0;
}

/// Bits of PLATFORM_INFO.
enum class PlatformBit : unsigned {
    Smt = 0,
    Tsme = 1,
    Ecc = 2,
    RaplDisabled = 3,
    CiphertextHiding = 4,
    AliasCheck = 5,
    Tio = 7
};
[[nodiscard]] constexpr bool has(std::uint64_t info, PlatformBit bit) noexcept
{
    return (info >> static_cast<unsigned>(bit) & 1) != 0;
}

/// Version of the SEV firmware.
struct FirmwareVersion {
    std::uint8_t major = 0, minor = 0, build = 0;
    auto operator<=>(const FirmwareVersion&) const = default;
};
[[nodiscard]] std::string toText(const FirmwareVersion& version); ///< "1.55.29"

/// The fields as they stand; nothing is judged. TCBs are raw: decoding them needs the product line.
struct Report {
    /// `bytes` must be exactly kReportSize; else InputError size.
    [[nodiscard]] static Report parse(kit::ByteView bytes);

    kit::Bytes raw; ///< the whole report
    std::uint32_t version = 0;
    std::uint32_t guestSvn = 0;
    std::uint64_t policy = 0;
    std::array<std::uint8_t, 16> familyId{}, imageId{};
    std::uint32_t vmpl = 0; ///< 0xffffffff when the host asked for it
    std::uint32_t signatureAlgorithm = 0;
    Tcb::Encoded currentTcb{};
    std::uint64_t platformInfo = 0;
    std::uint32_t keyInfo = 0;
    std::array<std::uint8_t, 64> reportData{};
    std::array<std::uint8_t, 48> measurement{};
    std::array<std::uint8_t, 32> hostData{};
    std::array<std::uint8_t, 48> idKeyDigest{}, authorKeyDigest{};
    std::array<std::uint8_t, 32> reportId{}, reportIdMa{};
    Tcb::Encoded reportedTcb{};
    std::array<std::uint8_t, 3> cpuid{}; ///< family, model, stepping; from version 3 on
    std::array<std::uint8_t, 64> chipId{};
    Tcb::Encoded committedTcb{};
    FirmwareVersion current, committed;
    Tcb::Encoded launchTcb{};
    std::uint64_t launchMitVector = 0, currentMitVector = 0; ///< from version 5 on
    std::array<std::uint8_t, 72> r{}, s{};                   ///< of the signature, little endian

    [[nodiscard]] kit::ByteView signedPart() const noexcept { return kit::ByteView(raw).first(kSignedSize); }
    [[nodiscard]] bool authorKeyEnabled() const noexcept { return (keyInfo & 1) != 0; }
    [[nodiscard]] bool chipKeyMasked() const noexcept { return (keyInfo & 2) != 0; }
    [[nodiscard]] SigningKey signingKey() const noexcept { return static_cast<SigningKey>(keyInfo >> 2 & 7); }
    [[nodiscard]] bool hasCpuid() const noexcept { return version >= 3; }
    /// By family and model; nothing in version 2, or for an unknown chip.
    [[nodiscard]] std::optional<ProductLine> line() const noexcept
    {
        return hasCpuid() ? lineOf(cpuid[0], cpuid[1]) : std::nullopt;
    }
    [[nodiscard]] bool chipIdMasked() const noexcept { return kit::isZero(chipId); }
};

/// Why the form of a report is wrong: stable word and sentence. `newestVersion` is the highest version that
/// is read as it stands.
struct FormFault {
    std::string_view reason; ///< version, signature_algo, policy_reserved, key_info_reserved, signing_key,
                             ///< reserved_nonzero
    std::string message;
};
/// All that is wrong, in the order it is to be looked at; empty for a well-formed report. With a fault
/// "version" nothing else is looked at: the meaning of the other bytes is not known then.
[[nodiscard]] std::vector<FormFault> formFaults(const Report& report, bool allow_newer_version = false);

} // namespace teehost::sev_snp
