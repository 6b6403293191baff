// SPDX-License-Identifier: Apache-2.0
//
// Whatever is done to a genuine quote, its signature or its key, it is accepted only when nothing was done;
// and any bytes can be looked at. Input: three bytes a change, offset and what its byte is XORed with; the
// same bytes are then read as each structure.
#include "evidence/pieces.h"
#include "quote/certification.h"
#include "tests/fuzz/refusal.h"
#include "vtpm_factory/soft_tpm.h"

namespace {

using namespace teehost;
using namespace teehost::vtpm;

struct Genuine {
    vtpm_factory::SoftTpm tpm{vtpm_factory::Scheme::Ecdsa};
    vtpm_factory::QuoteTerms terms{.pcrs = vtpm_factory::pcrsAfter({}, {HashAlgorithm::Sha2_256})};
    kit::Bytes attest = tpm.attest(terms), signature = tpm.sign(attest), name = tpm.akName();
};

/// The first thing that is wrong, or nothing when the quote is to be believed.
bool isAccepted(kit::ByteView attest_bytes, kit::ByteView signature_bytes, kit::ByteView key_bytes,
                const Genuine& genuine)
{
    const auto accepted = fuzz::unlessInputError([&] {
        const Attest attest = Attest::parse(attest_bytes);
        const TpmSignature signature = TpmSignature::parse(signature_bytes);
        const TpmKey key = TpmKey::parse(key_bytes);
        return !akFault(key) && key.name() == genuine.name && !signatureFault(attest, signature, key) &&
               !nonceFault(attest, genuine.terms.nonce);
    });
    return accepted.value_or(false);
}

void acceptsNothingElse(kit::ByteView changes)
{
    static const Genuine genuine;
    kit::Bytes attest = genuine.attest, signature = genuine.signature, key = genuine.tpm.akPublic();
    for (; changes.size() >= 3; changes = changes.subspan(3)) {
        std::size_t offset = (static_cast<std::size_t>(changes[0]) << 8 | changes[1]) %
                             (attest.size() + signature.size() + key.size());
        kit::Bytes* to = &attest;
        for (kit::Bytes* next : {&signature, &key})
            if (offset >= to->size()) {
                offset -= to->size();
                to = next;
            }
        (*to)[offset] ^= changes[2];
    }
    const bool unchanged =
        attest == genuine.attest && signature == genuine.signature && key == genuine.tpm.akPublic();
    fuzz::require(isAccepted(attest, signature, key, genuine) == unchanged, "a changed quote is refused");
}

void canBeLookedAt(kit::ByteView bytes)
{
    for (const AttestType type : {AttestType::Quote, AttestType::Certify, AttestType::Creation})
        if (const auto attest = fuzz::unlessInputError([&] { return Attest::parse(bytes, type); }))
            fuzz::require(attest->extraData.size() <= 64 && attest->selections.size() <= 16,
                          "what is read is within the TPM's limits");
    fuzz::unlessInputError([&] { return TpmSignature::parse(bytes); });
    if (const auto key = fuzz::unlessInputError([&] { return TpmKey::parse(bytes); }))
        fuzz::require(key->key.bits() >= 256 && !key->name().empty(), "a key is one, and has a name");
    if (const auto piece = classify("", bytes))
        fuzz::require(piece->certainty > 0 && piece->certainty <= 100,
                      "what is recognised is so with a measure");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    acceptsNothingElse({data, size});
    canBeLookedAt({data, size});
    return 0;
}
