// SPDX-License-Identifier: Apache-2.0
#include "evidence/pieces.h"

#include <array>
#include <utility>

#include <teehost/kit/input_error.h>
#include <teehost/kit/pem.h>
#include <teehost/kit/x509.h>

#include "log/event_log.h"
#include "log/ima_log.h"

namespace teehost::vtpm {
namespace {

struct KindName {
    std::string_view name;
    PieceKind kind;
};
constexpr std::array kKinds{KindName{"tpm.attestation", PieceKind::Attestation},
                            KindName{"eat", PieceKind::Token},
                            KindName{"tpm.quote", PieceKind::Attest},
                            KindName{"tpm.signature", PieceKind::Signature},
                            KindName{"tpm.ak", PieceKind::AkPublic},
                            KindName{"tpm.pcrs", PieceKind::Pcrs},
                            KindName{"tpm.event_log", PieceKind::EventLog},
                            KindName{"event_log", PieceKind::EventLog}, // by the option of a person
                            KindName{"tpm.ima_log", PieceKind::ImaLog},
                            KindName{"tpm.ek", PieceKind::EkPublic},
                            KindName{"tpm.ek_certificate", PieceKind::EkCertificate},
                            KindName{"tpm.ak_certificate", PieceKind::AkCertificate}};

bool reads(auto&& read)
{
    try {
        static_cast<void>(read());
        return true;
    } catch (const std::runtime_error&) {
        return false;
    }
}

constexpr std::string_view kGenerated = "\xffTCG"; // TPM2_GENERATED_VALUE

/// TPM2B: the size of what follows stands before it.
bool isSized(kit::ByteView bytes)
{
    return bytes.size() > 2 && (std::size_t{bytes[0]} << 8 | bytes[1]) + 2 == bytes.size();
}

std::optional<Piece> byBytes(kit::ByteView bytes)
{
    const std::string_view text = kit::textOf(bytes);
    if (text.starts_with(kGenerated))
        return Piece{PieceKind::Attest, bytes, 95};
    if (isSized(bytes) && text.substr(2).starts_with(kGenerated)) // TPM2B_ATTEST
        return Piece{PieceKind::Attest, bytes.subspan(2), 95};
    if (kit::looksLikeEventLog(bytes))
        return Piece{PieceKind::EventLog, bytes, 95};
    if (reads([&] { return readPcrs(bytes); }))
        return Piece{PieceKind::Pcrs, bytes, 60};
    if (text.starts_with('{'))
        return std::nullopt;
    if (reads([&] { return TpmSignature::parse(bytes); }))
        return Piece{PieceKind::Signature, bytes, 80};
    if (std::optional<TpmKey> key; reads([&] { return &key.emplace(TpmKey::parse(bytes)); }))
        return Piece{akFault(*key) ? PieceKind::EkPublic : PieceKind::AkPublic, bytes, 80};
    if (kit::looksLikeX509(bytes))
        return Piece{PieceKind::EkCertificate, bytes, 10};
    if (reads([&] { return readToken(bytes); }))
        return Piece{PieceKind::Token, bytes, 90};
    if (reads([&] { return readAttestation(bytes); }))
        return Piece{PieceKind::Attestation, bytes, 90};
    if (!bytes.empty() && reads([&] { return ImaLog::parse(bytes); }))
        return Piece{PieceKind::ImaLog, bytes, 70};
    if (kit::looksLikeLegacyLog(bytes))
        return Piece{PieceKind::EventLog, bytes, 60};
    return std::nullopt;
}

/// The message among the pieces, read; nothing when there is none.
std::optional<Evidence> readMessage(std::span<const Piece> pieces)
{
    std::optional<Evidence> out;
    for (const Piece& piece : pieces) {
        if (piece.kind != PieceKind::Attestation && piece.kind != PieceKind::Token)
            continue;
        if (out)
            throw kit::InputError("pieces", "several attestations are given, and one is verified at a time");
        out = piece.kind == PieceKind::Token ? readToken(piece.bytes) : readAttestation(piece.bytes);
    }
    return out;
}

void place(kit::ByteView& to, const Piece& piece, const char* what)
{
    if (!to.empty())
        throw kit::InputError("pieces", std::string(what) + " is given twice");
    to = piece.bytes;
}

/// Whether it went where there is one place for it, whatever form the rest has.
bool placeBeside(const Piece& piece, Evidence& out)
{
    switch (piece.kind) {
    case PieceKind::EventLog:
        place(out.eventLog, piece, "the event log");
        return true;
    case PieceKind::ImaLog:
        place(out.imaLog, piece, "the IMA list");
        return true;
    case PieceKind::EkPublic:
        place(out.ekPublic, piece, "the endorsement key");
        return true;
    case PieceKind::EkCertificate:
        place(out.ekCertificate, piece, "the endorsement key's certificate");
        return true;
    case PieceKind::AkCertificate:
        place(out.akCertificate, piece, "the attestation key's certificate");
        return true;
    default:
        return false;
    }
}

/// Bare PCR values say nothing of themselves; the quote says how many there must be.
void placeUntold(std::span<const kit::ByteView> untold, std::span<const kit::ByteView> attests,
                 std::vector<PcrValue>& pcrs)
{
    for (const kit::ByteView bytes : untold) {
        auto values = attests.size() == 1 ? readBareValues(bytes, attests.front()) : std::nullopt;
        if (!values)
            throw kit::InputError("malformed", whatUntoldIs(bytes));
        if (!std::exchange(pcrs, *std::move(values)).empty())
            throw kit::InputError("pieces", "the PCRs are given twice");
    }
}

Evidence assemble(std::span<const Piece> pieces)
{
    Evidence out;
    out.form = "pieces";
    std::vector<kit::ByteView> attests, signatures, untold;
    std::vector<PcrValue> pcrs;
    for (const Piece& piece : pieces) {
        if (piece.kind == PieceKind::Attest)
            attests.push_back(piece.bytes);
        else if (piece.kind == PieceKind::Signature)
            signatures.push_back(piece.bytes);
        else if (piece.kind == PieceKind::AkPublic)
            place(out.akPublic, piece, "the attestation key");
        else if (piece.kind == PieceKind::Pcrs && !std::exchange(pcrs, readPcrs(piece.bytes)).empty())
            throw kit::InputError("pieces", "the PCRs are given twice");
        else if (piece.kind == PieceKind::Untold)
            untold.push_back(piece.bytes);
    }
    placeUntold(untold, attests, pcrs);
    if (attests.empty() || attests.size() != signatures.size() || attests.size() > kMostQuotes ||
        out.akPublic.empty())
        throw kit::InputError("pieces", "a quote in pieces is what was attested, a signature of it, and the "
                                        "attestation key; " +
                                            std::to_string(attests.size()) + ", " +
                                            std::to_string(signatures.size()) + " and " +
                                            (out.akPublic.empty() ? "no key" : "the key") + " are given");
    for (std::size_t i = 0; i < attests.size(); ++i)
        out.quotes.push_back({attests[i], signatures[i], pcrs});
    return out;
}

} // namespace

std::optional<Piece> classify(std::string_view kind, kit::ByteView bytes)
{
    if (kind.empty())
        return byBytes(bytes);
    for (const KindName& one : kKinds)
        if (one.name == kind)
            return Piece{one.kind, bytes};
    return std::nullopt;
}

std::string whatUntoldIs(kit::ByteView bytes)
{
    const auto isRsaSize = [&] { return bytes.size() == 256 || bytes.size() == 384 || bytes.size() == 512; };
    std::string out = std::to_string(bytes.size()) +
                      " bytes of evidence are nothing that a vTPM's evidence is "
                      "made of: no quote, signature, key, PCR values or log";
    if (kit::looksLikePem(bytes))
        out +=
            "; of a key in PEM hand over the TPM's public area (TPM2B_PUBLIC, -f tss), whose attributes are "
            "needed";
    else if (isRsaSize())
        out += "; if it is a signature without its form (tpm2_quote -f plain), write it with -f tss";
    return out;
}

Evidence gather(std::span<const Piece> pieces)
{
    auto message = readMessage(pieces);
    for (const Piece& piece : pieces)
        if (message && piece.kind == PieceKind::Untold)
            throw kit::InputError("malformed", whatUntoldIs(piece.bytes));
    Evidence out = message ? std::move(*message) : assemble(pieces);
    for (const Piece& piece : pieces) {
        const bool isMessage = piece.kind == PieceKind::Attestation || piece.kind == PieceKind::Token;
        if (!placeBeside(piece, out) && message && !isMessage)
            throw kit::InputError("pieces", "an attestation is given, and pieces of a quote beside it");
    }
    return out;
}

} // namespace teehost::vtpm
