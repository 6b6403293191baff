// SPDX-License-Identifier: Apache-2.0
//
// What a TPM signs: TPMS_ATTEST (TPM 2.0 Library part 2, section 10.12). Only a TPM makes one that a
// restricted key signs, since it refuses to sign foreign data that begins with the magic.
#pragma once

#include <cstdint>
#include <vector>

#include <teehost/kit/bytes.h>

#include "tpm_algorithm.h"

namespace teehost::vtpm {

enum class AttestType : std::uint16_t { Certify = 0x8017, Quote = 0x8018, Creation = 0x801A };

/// TPMS_PCR_SELECTION. PCR i is bit i.
struct PcrSelection {
    std::uint16_t algId = 0;
    std::uint32_t bits = 0;
};

struct Attest {
    /// InputError magic, type when it is not of the wanted type, or malformed.
    [[nodiscard]] static Attest parse(kit::ByteView bytes, AttestType wanted = AttestType::Quote);

    kit::Bytes bytes; ///< which are signed
    kit::Bytes qualifiedSigner;
    kit::Bytes extraData;    ///< the nonce
    std::uint64_t clock = 0; ///< milliseconds
    std::uint32_t resetCount = 0, restartCount = 0;
    bool safe = false; ///< the clock was not set back by a loss of power
    std::uint64_t firmwareVersion = 0;

    std::vector<PcrSelection> selections; ///< of a quote
    kit::Bytes pcrDigest;                 ///< of a quote
    kit::Bytes objectName;                ///< of a certification
    kit::Bytes creationHash;              ///< of the certification of a creation
};

} // namespace teehost::vtpm
