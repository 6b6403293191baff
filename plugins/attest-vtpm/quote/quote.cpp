// SPDX-License-Identifier: Apache-2.0
#include "quote/quote.h"

#include <algorithm>

#include "quote/tss.h"

namespace teehost::vtpm {
namespace {

constexpr std::size_t kPaddedNonce = 32;

TpmSignature read(kit::ByteView bytes)
{
    const auto raw = unmarshal<TPMT_SIGNATURE>(bytes, shape::signature, Tss2_MU_TPMT_SIGNATURE_Unmarshal,
                                               Tss2_MU_TPMT_SIGNATURE_Marshal, "TPMT_SIGNATURE");
    TpmSignature out;
    const auto keep = [](kit::ByteView view, kit::Bytes& to) { to.assign(view.begin(), view.end()); };
    switch (raw.sigAlg) {
    case TPM2_ALG_RSASSA:
    case TPM2_ALG_RSAPSS: {
        const auto& rsa = raw.sigAlg == TPM2_ALG_RSASSA ? raw.signature.rsassa : raw.signature.rsapss;
        out.hashId = rsa.hash;
        keep(viewOf(rsa.sig), out.rsa);
        break;
    }
    case TPM2_ALG_ECDSA:
        out.hashId = raw.signature.ecdsa.hash;
        keep(viewOf(raw.signature.ecdsa.signatureR), out.r);
        keep(viewOf(raw.signature.ecdsa.signatureS), out.s);
        break;
    default:
        throw kit::InputError("malformed", "a signature of the algorithm " + algorithmName(raw.sigAlg));
    }
    out.scheme = static_cast<TpmSignature::Scheme>(raw.sigAlg);
    const auto hash = hashOf(out.hashId);
    if (!hash || hash == HashAlgorithm::Sha1)
        throw kit::InputError("signature_algorithm",
                              "a signature over the hash " + algorithmName(out.hashId));
    out.hash = *hash;
    return out;
}

} // namespace

TpmSignature TpmSignature::parse(kit::ByteView bytes)
{
    return kit::withReason("malformed", [&] { return read(bytes); });
}

std::string_view nameOf(TpmSignature::Scheme scheme) noexcept
{
    switch (scheme) {
    case TpmSignature::Scheme::RsaSsa:
        return "rsassa";
    case TpmSignature::Scheme::RsaPss:
        return "rsapss";
    case TpmSignature::Scheme::Ecdsa:
        return "ecdsa";
    }
    return "unknown";
}

std::optional<Fault> signatureFault(const Attest& attest, const TpmSignature& signature, const TpmKey& key)
{
    const auto scheme = static_cast<std::uint16_t>(signature.scheme);
    if (key.scheme && (key.scheme->scheme != scheme || key.scheme->hash != signature.hashId))
        return Fault{"signature", "the signature is of another scheme than the key's own",
                     algorithmName(key.scheme->scheme) + " over " + algorithmName(key.scheme->hash),
                     algorithmName(scheme) + " over " + algorithmName(signature.hashId)};
    const auto digest = kit::hash(signature.hash, attest.bytes);
    const bool valid = [&] {
        switch (signature.scheme) {
        case TpmSignature::Scheme::RsaSsa:
            return key.key.verifyRsa(kit::RsaPadding::Pkcs1, signature.hash, digest.view(), signature.rsa);
        case TpmSignature::Scheme::RsaPss:
            return key.key.verifyRsa(kit::RsaPadding::Pss, signature.hash, digest.view(), signature.rsa);
        case TpmSignature::Scheme::Ecdsa:
            return key.key.verifyEcdsa(digest.view(), signature.r, signature.s);
        }
        return false;
    }();
    if (!valid)
        return Fault{"signature", "what was attested is not signed by this key"};
    return std::nullopt;
}

std::optional<Fault> nonceFault(const Attest& attest, kit::ByteView nonce)
{
    kit::Bytes padded(nonce.begin(), nonce.end());
    padded.resize(std::max(padded.size(), kPaddedNonce));
    if (kit::equalInConstantTime(attest.extraData, nonce) ||
        kit::equalInConstantTime(attest.extraData, padded))
        return std::nullopt;
    return Fault{"nonce", "the quote answers another nonce", kit::toHex(nonce), kit::toHex(attest.extraData)};
}

std::optional<Fault> pcrDigestFault(const Attest& attest, HashAlgorithm signature_hash,
                                    std::span<const PcrValue> values)
{
    kit::AnyHasher hasher(signature_hash);
    for (const PcrSelection& selection : attest.selections)
        for (std::uint32_t pcr = 0; pcr < kPcrs; ++pcr) {
            if ((selection.bits >> pcr & 1) == 0)
                continue;
            const auto bank = hashOf(selection.algId);
            const auto value = std::find_if(values.begin(), values.end(), [&](const PcrValue& one) {
                return one.bank == bank && one.pcr == pcr;
            });
            if (!bank || value == values.end() || value->value.size() != kit::sizeOf(*bank))
                return Fault{kNoPcrValue, "PCR " + std::to_string(pcr) + " of the bank " +
                                              algorithmName(selection.algId) +
                                              " is quoted, and there is no value for it"};
            hasher.update(value->value.view());
        }
    const auto digest = hasher.finish();
    if (!kit::equalInConstantTime(digest.view(), attest.pcrDigest))
        return Fault{"pcr_digest", "the PCRs have other values than were quoted",
                     kit::toHex(attest.pcrDigest), kit::toHex(digest.view())};
    return std::nullopt;
}

bool selects(const Attest& attest, HashAlgorithm bank, std::uint32_t pcr) noexcept
{
    return std::any_of(attest.selections.begin(), attest.selections.end(), [&](const PcrSelection& one) {
        return pcr < kPcrs && hashOf(one.algId) == bank && (one.bits >> pcr & 1) != 0;
    });
}

} // namespace teehost::vtpm
