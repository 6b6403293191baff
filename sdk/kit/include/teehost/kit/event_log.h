// SPDX-License-Identifier: Apache-2.0
//
// A firmware's event log: of a TPM, as Linux shows it in /sys/kernel/security/tpm0/binary_bios_measurements
// (TCG PC Client Platform Firmware Profile, section 10), or of a TD, as it lies where the ACPI table CCEL
// says (Linux: /sys/firmware/acpi/tables/data/CCEL; UEFI specification, section 38.4.1). Reading says nothing
// about its truth: only a replay that ends in attested registers does, and then of the digests alone. An
// event's data and type are what the guest says, unless the data hashes to the digest.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "teehost/kit/bytes.h"
#include "teehost/kit/tcg_algorithm.h"

namespace teehost::kit {

namespace event_type { // section 10.4.1
inline constexpr std::uint32_t kNoAction = 0x3;
inline constexpr std::uint32_t kSeparator = 0x4;
inline constexpr std::uint32_t kAction = 0x5;
inline constexpr std::uint32_t kEventTag = 0x6;
inline constexpr std::uint32_t kCrtmVersion = 0x8;
inline constexpr std::uint32_t kPlatformConfigFlags = 0xA;
inline constexpr std::uint32_t kIpl = 0xD;
inline constexpr std::uint32_t kVariableDriverConfig = 0x8000'0001;
inline constexpr std::uint32_t kVariableBoot = 0x8000'0002;
inline constexpr std::uint32_t kBootApplication = 0x8000'0003;
inline constexpr std::uint32_t kBootDriver = 0x8000'0004;
inline constexpr std::uint32_t kRuntimeDriver = 0x8000'0005;
inline constexpr std::uint32_t kEfiAction = 0x8000'0007;
inline constexpr std::uint32_t kFirmwareBlob = 0x8000'0008;
inline constexpr std::uint32_t kFirmwareBlob2 = 0x8000'000A;
inline constexpr std::uint32_t kHandoffTables2 = 0x8000'000B;
inline constexpr std::uint32_t kVariableBoot2 = 0x8000'000C;
inline constexpr std::uint32_t kVariableAuthority = 0x8000'00E0;
} // namespace event_type

inline constexpr std::size_t kMostBanks = 8;

/// What the events of a log extend.
enum class LogKind {
    Tpm, ///< PCRs
    Ccel ///< a TD's registers: 0 is MRTD, 1 to 4 are RTMR0 to RTMR3
};

inline constexpr std::uint32_t kPcrs = 24; ///< of a PC client TPM
inline constexpr std::uint32_t kCcelRegisters = 5;

[[nodiscard]] constexpr std::uint32_t registersOf(LogKind kind) noexcept
{
    return kind == LogKind::Tpm ? kPcrs : kCcelRegisters;
}
/// "PCR 4", "RTMR0"
[[nodiscard]] std::string nameOfRegister(LogKind kind, std::uint32_t number);

struct Event {
    std::uint32_t reg = 0; ///< number, less than registersOf(the log's kind)
    std::uint32_t type = 0;
    std::array<ByteView, kMostBanks> digests{}; ///< in the order of EventLog::banks; empty: none of it
    ByteView data;
    std::size_t offset = 0; ///< in the log

    [[nodiscard]] bool extends() const noexcept { return type != event_type::kNoAction; }
};

/// Views of the bytes it was read from, which must outlive it.
struct EventLog {
    /// InputError log_malformed.
    [[nodiscard]] static EventLog parse(ByteView log, LogKind kind = LogKind::Tpm);

    struct Bank {
        std::uint16_t algId;
        std::size_t digestSize;
    };

    LogKind kind = LogKind::Tpm;
    bool cryptoAgile = false;    ///< else a log of TCG 1.2, with SHA-1 only
    std::vector<Bank> banks{};   ///< as its header lists them
    std::vector<Event> events{}; ///< without that header, which has the form of one
    std::optional<std::uint8_t> startupLocality{};
    std::size_t bytesUsed = 0; ///< where the events end

    /// Of an algorithm in banks.
    [[nodiscard]] std::optional<std::size_t> indexOf(HashAlgorithm bank) const noexcept;
};

/// Whether the bytes begin as a crypto-agile log does; certificates, quotes and tokens do not.
[[nodiscard]] bool looksLikeEventLog(ByteView bytes) noexcept;

/// Tells whether the whole of it reads as a log of TCG 1.2, which has no mark at its beginning: two records
/// at least, three quarters of them of types that the specification has.
[[nodiscard]] bool looksLikeLegacyLog(ByteView bytes) noexcept;

/// "EV_SEPARATOR"; a number in hexadecimal for a type without a name.
[[nodiscard]] std::string nameOfType(std::uint32_t type);
/// What an event says of itself, printable, at most some hundred characters: a variable's name, an action,
/// the place of a blob.
[[nodiscard]] std::string describe(const Event& event);
/// The event on one line, for people: "PCR 4 EV_EFI_ACTION: ... [digest in this bank]".
[[nodiscard]] std::string lineOf(const EventLog& log, const Event& event, HashAlgorithm bank);

} // namespace teehost::kit
