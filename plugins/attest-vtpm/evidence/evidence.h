// SPDX-License-Identifier: Apache-2.0
//
// A vTPM's evidence in one shape, whatever form it came in:
//  - the protocol buffer of go-tpm-tools (attest.Attestation, SevSnpSvsmAttestation), which agents return;
//  - an entity attestation token (CBOR map, bare or in COSE_Sign1) around it;
//  - separate pieces: TPMS_ATTEST, TPMT_SIGNATURE, TPMT_PUBLIC, PCR values, logs.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <teehost/kit/bytes.h>

#include "quote/quote.h"

namespace teehost::vtpm {

inline constexpr std::size_t kMostQuotes = 16;

struct QuoteParts {
    kit::ByteView attest{};
    kit::ByteView signature{};
    std::vector<PcrValue> pcrs{};
};

/// A report of SEV-SNP that came along. It is judged by the plugin for SEV-SNP; here only what it binds
/// counts.
struct SnpPart {
    kit::Bytes report; ///< as the firmware gave it out
    std::vector<kit::ByteView> certificates{};
};

/// Views of the bytes it was read from, which must outlive it.
struct Evidence {
    std::string_view form{}; ///< "go-tpm-tools", "svsm", "eat", "pieces"
    kit::ByteView akPublic{};
    std::vector<QuoteParts> quotes{};
    kit::ByteView eventLog{};
    kit::ByteView imaLog{};
    kit::ByteView akCertificate{};              ///< DER
    std::vector<kit::ByteView> intermediates{}; ///< DER
    kit::ByteView ekCertificate{}, ekPublic{};
    kit::ByteView manifest{}; ///< of the SVSM's vTPM service: its endorsement key
    std::optional<SnpPart> snp{};
};

/// attest.Attestation or SevSnpSvsmAttestation. InputError malformed; a message without a key or a quote is
/// no attestation, whatever else it parses as.
[[nodiscard]] Evidence readAttestation(kit::ByteView message);

/// The token's raw report, read as above. Nothing else of a token is evidence: the rest is the guest's word,
/// and so is its signature. InputError malformed, or platform for a token that is not of a vTPM.
[[nodiscard]] Evidence readToken(kit::ByteView token);

/// {"sha256": {"0": "hex", ...}, ...}. InputError malformed.
[[nodiscard]] std::vector<PcrValue> readPcrTable(std::string_view json);

/// PCR values in any form that says which they are: the table above, what tpm2_quote -o writes
/// ("serialized"), what tpm2_pcrread prints. InputError malformed.
[[nodiscard]] std::vector<PcrValue> readPcrs(kit::ByteView bytes);

/// Bare values (tpm2_quote -F values) in the order in which the quote `attest` selects them; nothing when
/// they are not as many bytes as it selects.
[[nodiscard]] std::optional<std::vector<PcrValue>> readBareValues(kit::ByteView bytes, kit::ByteView attest);

/// A table as above within {"pcr_values": ...}, as operators keep values that they expect, without PCRs that
/// a guest can reset. InputError malformed.
[[nodiscard]] std::vector<PcrValue> readExpectedPcrs(std::string_view json);

/// sevsnp.Attestation: the report as its fields say, in the bytes that were signed, and its certificates,
/// eight at most. What is no certificate in their places, as a CRL, is left out.
[[nodiscard]] SnpPart readSnpAttestation(kit::ByteView message);

} // namespace teehost::vtpm
