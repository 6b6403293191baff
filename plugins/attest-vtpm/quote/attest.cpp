// SPDX-License-Identifier: Apache-2.0
#include "quote/attest.h"

#include "quote/tss.h"

namespace teehost::vtpm {
namespace {

constexpr std::string_view kMalformed = "malformed";
constexpr std::size_t kMostBytes = 1024; // of the largest TPMS_ATTEST, in any hash
constexpr std::size_t kMostSelections = 16, kMostSelect = 4;

/// TPMI_ST_ATTEST in words (TPM 2.0 Library part 2, section 10.12.10).
std::string typeName(std::uint16_t type)
{
    switch (type) {
    case TPM2_ST_ATTEST_QUOTE:
        return "a quote";
    case TPM2_ST_ATTEST_CERTIFY:
        return "the certification of a key";
    case TPM2_ST_ATTEST_CREATION:
        return "the certification of a key's creation";
    case TPM2_ST_ATTEST_NV:
        return "the certification of an NV index";
    case TPM2_ST_ATTEST_TIME:
        return "an attestation of the TPM's time";
    case TPM2_ST_ATTEST_SESSION_AUDIT:
    case TPM2_ST_ATTEST_COMMAND_AUDIT:
        return "an audit of commands";
    default:
        return "an attestation of type " + kit::hexNumber(type);
    }
}

/// Before anything else is looked at: another magic means that no TPM made it, another type that it says
/// something else.
void expectKind(kit::ByteView bytes, AttestType wanted)
{
    kit::Reader in(bytes, "TPMS_ATTEST");
    if (bytes.size() > kMostBytes)
        in.fail("longer than any TPM makes one,");
    if (const std::uint32_t magic = in.u32be(); magic != TPM2_GENERATED_VALUE)
        throw kit::InputError("magic", "the magic is " + kit::hexNumber(magic) +
                                           ", not that of structures a TPM generates");
    if (const std::uint16_t type = in.u16be(); type != static_cast<std::uint16_t>(wanted))
        throw kit::InputError("type", "what the TPM attested is " + typeName(type) + ", where " +
                                          typeName(static_cast<std::uint16_t>(wanted)) + " is wanted");
}

void readQuote(const TPMS_QUOTE_INFO& info, Attest& out)
{
    if (info.pcrSelect.count > kMostSelections)
        throw kit::InputError(kMalformed, "more than 16 selections of PCRs");
    for (std::uint32_t i = 0; i < info.pcrSelect.count; ++i) {
        const TPMS_PCR_SELECTION& one = info.pcrSelect.pcrSelections[i];
        if (one.sizeofSelect > kMostSelect)
            throw kit::InputError(kMalformed, "a selection of more than 32 PCRs");
        PcrSelection selection{one.hash, 0};
        for (std::uint32_t octet = 0; octet < one.sizeofSelect; ++octet)
            selection.bits |= std::uint32_t{one.pcrSelect[octet]} << (8 * octet);
        if (selection.bits >> kPcrs != 0)
            throw kit::InputError(kMalformed, "a selection of PCRs that there are not");
        out.selections.push_back(selection);
    }
    const auto digest = viewOf(info.pcrDigest);
    out.pcrDigest.assign(digest.begin(), digest.end());
}

kit::Bytes nameBytes(const TPM2B_NAME& name) { return {name.name, name.name + name.size}; }

Attest read(kit::ByteView bytes, AttestType wanted)
{
    expectKind(bytes, wanted);
    const auto raw = unmarshal<TPMS_ATTEST>(bytes, shape::attest, Tss2_MU_TPMS_ATTEST_Unmarshal,
                                            Tss2_MU_TPMS_ATTEST_Marshal, "TPMS_ATTEST");
    if (raw.clockInfo.safe > 1)
        throw kit::InputError(kMalformed, "TPMS_ATTEST: a flag that is neither 0 nor 1");
    Attest out;
    out.bytes.assign(bytes.begin(), bytes.end());
    out.qualifiedSigner = nameBytes(raw.qualifiedSigner);
    const auto extra = viewOf(raw.extraData);
    out.extraData.assign(extra.begin(), extra.end());
    out.clock = raw.clockInfo.clock;
    out.resetCount = raw.clockInfo.resetCount;
    out.restartCount = raw.clockInfo.restartCount;
    out.safe = raw.clockInfo.safe != 0;
    out.firmwareVersion = raw.firmwareVersion;
    switch (wanted) { // the union holds what the type says, and nothing else
    case AttestType::Quote:
        readQuote(raw.attested.quote, out);
        break;
    case AttestType::Certify:
        out.objectName = nameBytes(raw.attested.certify.name);
        break;
    case AttestType::Creation: {
        out.objectName = nameBytes(raw.attested.creation.objectName);
        const auto hash = viewOf(raw.attested.creation.creationHash);
        out.creationHash.assign(hash.begin(), hash.end());
        break;
    }
    }
    return out;
}

} // namespace

Attest Attest::parse(kit::ByteView bytes, AttestType wanted)
{
    return kit::withReason(kMalformed, [&] { return read(bytes, wanted); });
}

} // namespace teehost::vtpm
