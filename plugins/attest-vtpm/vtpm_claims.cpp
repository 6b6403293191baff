// SPDX-License-Identifier: Apache-2.0
#include "vtpm_claims.h"

#include <array>
#include <cstdio>
#include <string>

#include <teehost/kit/event_claims.h>
#include <teehost/kit/input_error.h>
#include <teehost/kit/reader.h>

#include "log/boot_facts.h"
#include "log/ima_log.h"
#include "quote/certification.h"

namespace teehost::vtpm {
namespace {

void claimAttest(const Attest& attest, const ClaimTaker& claim)
{
    claim("vtpm.nonce", sdk::ByteView(attest.extraData));
    claim("vtpm.qualified_signer", sdk::ByteView(attest.qualifiedSigner));
    claim("vtpm.clock", attest.clock);
    claim("vtpm.clock_safe", attest.safe);
    claim("vtpm.reset_count", std::uint64_t{attest.resetCount});
    claim("vtpm.restart_count", std::uint64_t{attest.restartCount});
    claim("vtpm.firmware_version", kit::hexNumber(attest.firmwareVersion));
}

void claimPcrs(std::span<const PcrValue> pcrs, const ClaimTaker& claim)
{
    for (const PcrValue& value : pcrs)
        claim("vtpm.pcr." + std::string(kit::nameOf(value.bank)) + "." + std::to_string(value.pcr),
              value.value.view());
}

std::string text(std::string_view bytes)
{
    std::string out;
    for (const char c : bytes.substr(0, 300))
        out += c >= 0x20 && c < 0x7F ? c : '?';
    return out;
}

/// Claims the values that the log gives to the PCRs that it extends.
void claimReplay(const EventLog& log, HashAlgorithm bank, const ClaimTaker& claim)
{
    try {
        const Replay replayed = replay(log, bank);
        for (std::uint32_t pcr = 0; pcr < kPcrs; ++pcr)
            if (replayed.extended[pcr])
                claim("vtpm.log." + std::string(kit::nameOf(bank)) + "." + std::to_string(pcr),
                      replayed.values[pcr].view());
    } catch (const kit::InputError& e) { // an event has no digest of this bank
        claim("vtpm.log." + std::string(kit::nameOf(bank)), std::string_view(e.what()));
    }
}

void claimLog(kit::ByteView bytes, const ClaimTaker& claim)
{
    const EventLog log = EventLog::parse(bytes);
    if (!log.cryptoAgile)
        claim("vtpm.log.form",
              std::string_view("TCG 1.2, with SHA-1 alone: it is shown, and proves nothing"));
    std::optional<HashAlgorithm> shown; // SHA-256, or the first that there is
    for (const auto& bank : log.banks)
        if (const auto known = hashOf(bank.algId)) {
            claimReplay(log, *known, claim);
            shown = !shown || *known == HashAlgorithm::Sha2_256 ? known : shown;
        }
    kit::claimEvents(log, "vtpm.event", shown.value_or(HashAlgorithm::Sha2_256), claim);
}

void claimIma(const ImaLog& log, const ClaimTaker& claim)
{
    claim("vtpm.ima.records", std::uint64_t{log.entries.size()});
    for (std::size_t i = 0; i < log.entries.size() && i < kit::kMostListed; ++i) {
        const ImaEntry& entry = log.entries[i];
        claim(kit::numbered("vtpm.ima.record.", i + 1),
              text(entry.digestName) + ":" + kit::toHex(entry.digest) + " " + text(entry.path) +
                  (entry.violation ? " (violation)" : ""));
    }
}

void claimKey(const TpmKey& key, std::string_view prefix, const ClaimTaker& claim)
{
    const kit::Bytes name = key.name();
    claim(std::string(prefix) + "_name", sdk::ByteView(name));
    claim(std::string(prefix) + "_attributes", kit::hexNumber(key.attributes));
    claim(std::string(prefix) + "_bits", std::uint64_t{key.key.bits()});
}

/// For the plugin of SEV-SNP to judge.
void claimSnpPart(const SnpPart& snp, const ClaimTaker& claim)
{
    claim("evidence.snp.report", sdk::ByteView(snp.report));
    for (std::size_t i = 0; i < snp.certificates.size(); ++i)
        claim("evidence.x509.der." + std::to_string(i), snp.certificates[i]);
}

/// Several keys of one name would be refused: everything of the first quote, and the PCRs of all.
void claimMessage(const Evidence& evidence, const ClaimTaker& claim)
{
    claim("vtpm.form", evidence.form);
    claimKey(TpmKey::parse(evidence.akPublic), "vtpm.ak", claim);
    claim("vtpm.quotes", std::uint64_t{evidence.quotes.size()});
    claimAttest(Attest::parse(evidence.quotes.front().attest), claim);
    std::vector<PcrValue> pcrs;
    for (const QuoteParts& quote : evidence.quotes)
        for (const PcrValue& value : quote.pcrs)
            if (findPcr(pcrs, value.bank, value.pcr) == nullptr)
                pcrs.push_back(value);
    claimPcrs(pcrs, claim);
    if (evidence.snp)
        claimSnpPart(*evidence.snp, claim);
    if (!evidence.eventLog.empty())
        claimLog(evidence.eventLog, claim);
}

void claimCertificate(const kit::Bytes& der_or_pem, const ClaimTaker& claim)
{
    const auto certificate = EkCertificate::parse(der_or_pem);
    const std::string issuer = certificate.certificate.issuerCommonName();
    claim("vtpm.certificate.subject", text(certificate.commonName));
    claim("vtpm.certificate.issuer", text(issuer));
}

} // namespace

void claimVerified(const Verified& verified, const Evidence& evidence, const ClaimTaker& claim)
{
    // Whoever runs a software TPM can read its keys. That an SVSM runs it instead is what the report of the
    // TEE proves, which another plugin has to accept.
    const bool ofSvsm = !evidence.manifest.empty() && verified.binding;
    claim("vtpm.rooted_in", ofSvsm ? "tee" : "host");
    claim("vtpm.form", evidence.form);
    if (verified.ak)
        claimKey(*verified.ak, "vtpm.ak", claim);
    if (verified.binding)
        claim("vtpm.ak_binding", nameOf(*verified.binding));
    if (evidence.snp)
        claimSnpPart(*evidence.snp, claim);
    if (!verified.attest)
        return;
    claim("kept.vtpm.reset_count", std::uint64_t{verified.attest->resetCount});
    claim("kept.vtpm.restart_count", std::uint64_t{verified.attest->restartCount});
    claim("kept.vtpm.clock", verified.attest->clock);
    claim("vtpm.scheme", verified.scheme);
    claim("vtpm.ak_parent", parentOf(*verified.ak, verified.attest->qualifiedSigner));
    claimAttest(*verified.attest, claim);
    claimPcrs(verified.pcrs, claim);
    if (verified.imaEntries)
        claim("vtpm.ima.attested_records", std::uint64_t{*verified.imaEntries});
    const auto bank = bestBank(verified.pcrs);
    if (!verified.eventLog || !bank)
        return;
    if (const auto state = secureBoot(*verified.eventLog, *bank); state && findPcr(verified.pcrs, *bank, 7))
        claim("vtpm.secure_boot", *state);
    if (const auto kernel = kernelDigest(*verified.eventLog, *bank);
        kernel && findPcr(verified.pcrs, *bank, 4))
        claim("vtpm.kernel_digest", *kernel);
}

void claimPiece(const Piece& piece, const ClaimTaker& claim)
{
    switch (piece.kind) {
    case PieceKind::Attestation:
        return claimMessage(readAttestation(piece.bytes), claim);
    case PieceKind::Token:
        return claimMessage(readToken(piece.bytes), claim);
    case PieceKind::Attest:
        return claimAttest(Attest::parse(piece.bytes), claim);
    case PieceKind::Signature:
        return claim("vtpm.scheme", nameOf(TpmSignature::parse(piece.bytes).scheme));
    case PieceKind::AkPublic:
        return claimKey(TpmKey::parse(piece.bytes), "vtpm.ak", claim);
    case PieceKind::EkPublic:
        return claimKey(TpmKey::parse(piece.bytes), "vtpm.ek", claim);
    case PieceKind::Pcrs:
        return claimPcrs(readPcrs(piece.bytes), claim);
    case PieceKind::Untold:
        return;
    case PieceKind::EventLog:
        return claimLog(piece.bytes, claim);
    case PieceKind::ImaLog:
        return claimIma(ImaLog::parse(piece.bytes), claim);
    case PieceKind::EkCertificate:
    case PieceKind::AkCertificate:
        return claimCertificate({piece.bytes.begin(), piece.bytes.end()}, claim);
    }
}

} // namespace teehost::vtpm
