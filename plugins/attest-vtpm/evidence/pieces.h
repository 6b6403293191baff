// SPDX-License-Identifier: Apache-2.0
//
// The blobs of a request, each told from the others by its kind or by its bytes, and put together.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "evidence/evidence.h"

namespace teehost::vtpm {

enum class PieceKind {
    Attestation,   ///< "tpm.attestation"
    Token,         ///< "eat"
    Attest,        ///< "tpm.quote"
    Signature,     ///< "tpm.signature"
    AkPublic,      ///< "tpm.ak"
    Pcrs,          ///< "tpm.pcrs", with the banks and numbers of the values
    EventLog,      ///< "tpm.event_log"
    ImaLog,        ///< "tpm.ima_log"
    EkPublic,      ///< "tpm.ek"
    EkCertificate, ///< "tpm.ek_certificate"
    AkCertificate, ///< "tpm.ak_certificate"
    Untold         ///< bytes that tell nothing: bare PCR values, if a quote beside them selects as many
};

struct Piece {
    PieceKind kind;
    kit::ByteView bytes;
    int certainty = 100; ///< 0 to 100, that it is one; less where only its bytes say so
};

/// Nothing for a kind of somebody else's, and for bytes that tell nothing. An empty kind: the bytes decide;
/// keys are then told apart by what they may do.
[[nodiscard]] std::optional<Piece> classify(std::string_view kind, kit::ByteView bytes);

/// Says in a sentence what bytes that classify() cannot tell may be meant to be, and what to hand over
/// instead.
[[nodiscard]] std::string whatUntoldIs(kit::ByteView bytes);

/// One message, or a quote in pieces; logs and certificates of an endorsement key may stand beside either.
/// InputError malformed, and pieces for what does not go together.
[[nodiscard]] Evidence gather(std::span<const Piece> pieces);

} // namespace teehost::vtpm
