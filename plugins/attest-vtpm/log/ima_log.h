// SPDX-License-Identifier: Apache-2.0
//
// The list of files that the guest's kernel measured, as Linux shows it in
// /sys/kernel/security/ima/binary_runtime_measurements (Documentation/security/IMA-templates.rst). Each
// record extends PCR 10, so a list is as true as the quote whose PCR 10 its replay gives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <teehost/kit/bytes.h>
#include <teehost/kit/digest.h>

#include "tpm_algorithm.h"

namespace teehost::vtpm {

inline constexpr std::uint32_t kImaPcr = 10;

struct ImaEntry {
    std::uint32_t pcr = 0;
    kit::ByteView templateDigest; ///< SHA-1, always
    std::string_view templateName;
    kit::ByteView data;          ///< of the template, as it lies in the record
    bool violation = false;      ///< the file was open for writing: its digest says nothing
    std::string_view digestName; ///< "sha256"
    kit::ByteView digest;        ///< of the file
    std::string_view path;
    kit::ByteView signature{}; ///< empty when there is none
    std::size_t offset = 0;

    /// That the template digest is of the data; a violation has none.
    [[nodiscard]] bool isConsistent() const;
};

/// Views of the bytes it was read from, which must outlive it.
struct ImaLog {
    /// InputError ima_malformed. Templates: ima, ima-ng, ima-ngv2, ima-sig, ima-sigv2.
    [[nodiscard]] static ImaLog parse(kit::ByteView log);
    std::vector<ImaEntry> entries;
};

struct ImaMatch {
    std::size_t entries = 0; ///< that the PCR attests; what follows them was added after the quote
    bool paddedSha1 = false; ///< the kernel extended this bank by SHA-1 digests with zeros behind them
};

/// After how many records the replay gives the value of PCR 10; nothing when it never does. The list grows
/// while it is read, so records may follow; there is at least one before.
///
/// For banks other than SHA-1 kernels differ: those from 5.8 on extend by the bank's own hash of the data,
/// where they have that hash when IMA starts, and others by the padded SHA-1 digest. Either is accepted, if
/// all records keep to it.
[[nodiscard]] std::optional<ImaMatch> matchIma(const ImaLog& log, HashAlgorithm bank, kit::ByteView pcr10);

/// What PCR 10 is after all records, which are extended by the bank's own hash.
[[nodiscard]] kit::AnyDigest replayIma(const ImaLog& log, HashAlgorithm bank);

/// What the first record says of the boot it belongs to: a digest over PCRs 0 to 9, or 0 to 7 for SHA-1
/// (Linux, security/integrity/ima/ima_crypto.c). Nothing when there is no such record.
struct BootAggregate {
    HashAlgorithm bank;
    std::uint32_t pcrs; ///< how many, from PCR 0 on
    kit::ByteView digest;
};
[[nodiscard]] std::optional<BootAggregate> bootAggregate(const ImaLog& log);

} // namespace teehost::vtpm
