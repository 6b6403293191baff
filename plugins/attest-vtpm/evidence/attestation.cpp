// SPDX-License-Identifier: Apache-2.0
//
// Field numbers: github.com/google/go-tpm-tools, proto/attest.proto, and github.com/google/go-tpm,
// tpm2 legacy proto/tpm.proto.
#include <algorithm>

#include <teehost/kit/input_error.h>
#include <teehost/kit/protobuf.h>

#include "evidence/evidence.h"

namespace teehost::vtpm {
namespace {

using Field = kit::ProtobufReader::Field;
constexpr std::size_t kMostMessage = 1u << 20;
constexpr std::string_view kWhat = "attestation";
constexpr std::string_view kReason = "malformed";

/// A field that stands once. Protocol buffers take the last of several; which one counts is not left to that.
void once(kit::ByteView& to, const Field& field)
{
    if (!to.empty())
        throw kit::InputError(kReason,
                              "attestation: field " + std::to_string(field.number) + " stands twice");
    to = field.bytes();
}

/// map<uint32, bytes>: the key 0 and an empty value are left out.
PcrValue readPcr(HashAlgorithm bank, kit::ByteView entry)
{
    PcrValue out{bank, 0, {}};
    kit::ByteView value;
    kit::ProtobufReader in(entry, kWhat);
    while (const auto field = in.next()) {
        if (field->number == 1)
            out.pcr = static_cast<std::uint32_t>(field->integer(kPcrs - 1));
        else if (field->number == 2)
            once(value, *field);
    }
    if (value.size() != kit::sizeOf(bank))
        throw kit::InputError(kReason, "attestation: PCR " + std::to_string(out.pcr) + " has a value of " +
                                           std::to_string(value.size()) + " bytes");
    out.value = kit::AnyDigest(value);
    return out;
}

std::vector<PcrValue> readPcrs(kit::ByteView message)
{
    std::optional<HashAlgorithm> bank;
    std::vector<kit::ByteView> entries;
    kit::ProtobufReader in(message, kWhat);
    while (const auto field = in.next()) {
        if (field->number == 1)
            bank = hashOf(static_cast<std::uint16_t>(field->integer(UINT16_MAX)));
        else if (field->number == 2)
            entries.push_back(field->bytes());
        if (entries.size() > kPcrs)
            throw kit::InputError(kReason, "attestation: more than 24 PCRs in a quote");
    }
    if (!bank)
        throw kit::InputError(kReason, "attestation: PCRs of a bank that is not known");
    std::vector<PcrValue> out;
    for (const auto entry : entries) {
        const PcrValue value = readPcr(*bank, entry);
        if (std::any_of(out.begin(), out.end(), [&](const auto& one) { return one.pcr == value.pcr; }))
            throw kit::InputError(kReason, "attestation: PCR " + std::to_string(value.pcr) + " stands twice");
        out.push_back(value);
    }
    return out;
}

QuoteParts readQuote(kit::ByteView message)
{
    QuoteParts out;
    kit::ByteView pcrs;
    kit::ProtobufReader in(message, kWhat);
    while (const auto field = in.next()) {
        if (field->number == 1)
            once(out.attest, *field);
        else if (field->number == 2)
            once(out.signature, *field);
        else if (field->number == 3)
            once(pcrs, *field);
    }
    if (out.attest.empty() || out.signature.empty())
        throw kit::InputError(kReason, "attestation: a quote without what was signed, or without signature");
    out.pcrs = readPcrs(pcrs);
    return out;
}

Evidence readInner(kit::ByteView message)
{
    Evidence out{.form = "go-tpm-tools"};
    kit::ByteView snp;
    kit::ProtobufReader in(message, kWhat);
    while (const auto field = in.next()) {
        switch (field->number) {
        case 1:
            once(out.akPublic, *field);
            break;
        case 2:
            out.quotes.push_back(readQuote(field->bytes()));
            break;
        case 3:
            once(out.eventLog, *field);
            break;
        case 6:
            once(out.akCertificate, *field);
            break;
        case 7:
            out.intermediates.push_back(field->bytes());
            break;
        case 8:
            once(snp, *field);
            break;
        default: // instance info, the canonical event log, a quote of TDX: not looked at here
            break;
        }
        if (out.quotes.size() > kMostQuotes || out.intermediates.size() > kMostQuotes)
            throw kit::InputError(kReason, "attestation: more than 16 quotes or certificates");
    }
    if (out.akPublic.empty() || out.quotes.empty())
        throw kit::InputError(kReason, "attestation: no key, or no quote");
    if (!snp.empty())
        out.snp = readSnpAttestation(snp);
    return out;
}

/// The outer message of an SVSM's vTPM: its field 1 is an attest.Attestation, where that has a key.
std::optional<Evidence> readSvsm(kit::ByteView message)
{
    kit::ByteView inner, snp, manifest;
    kit::ProtobufReader in(message, kWhat);
    while (const auto field = in.next()) {
        if (field->number == 1)
            once(inner, *field);
        else if (field->number == 2)
            once(snp, *field);
        else if (field->number == 3)
            once(manifest, *field);
    }
    if (inner.empty() || snp.empty() || manifest.empty())
        return std::nullopt;
    Evidence out = readInner(inner);
    out.form = "svsm";
    out.snp = readSnpAttestation(snp);
    out.manifest = manifest;
    return out;
}

} // namespace

Evidence readAttestation(kit::ByteView message)
{
    if (message.size() > kMostMessage)
        throw kit::InputError(kReason, "attestation: more than 1 MiB");
    return kit::withReason(kReason, [&] {
        try {
            return readInner(message);
        } catch (const std::runtime_error&) {
            // The two messages differ in what is in field 1, and neither says which one it is.
            std::optional<Evidence> svsm;
            try {
                svsm = readSvsm(message);
            } catch (const std::runtime_error&) {
                // The first reading's words are about the form that is far more frequent.
            }
            if (!svsm)
                throw;
            return std::move(*svsm);
        }
    });
}

} // namespace teehost::vtpm
