// SPDX-License-Identifier: Apache-2.0
#include "quote/certification.h"

#include "quote/tss.h"

namespace teehost::vtpm {
namespace {

/// Files of tpm2-tools are TPM2B, protocols often carry what is in them.
kit::ByteView withoutSize(kit::ByteView bytes)
{
    if (bytes.size() >= 2 && (std::size_t{bytes[0]} << 8 | bytes[1]) + 2 == bytes.size())
        return bytes.subspan(2);
    return bytes;
}

std::optional<Fault> chainFault(const kit::Certificate& certificate, std::span<const kit::Certificate> pool,
                                std::span<const kit::Certificate> anchors, kit::UnixSeconds at,
                                const std::string& what)
{
    if (anchors.empty())
        return Fault{"untrusted_root", "there is no trust anchor for " + what};
    if (const auto found = kit::findChain(certificate, pool, anchors, at); found.fault)
        return Fault{"untrusted_root", what + " does not chain to a trust anchor: " + *found.fault};
    return std::nullopt;
}

} // namespace

std::optional<Fault> creationFault(const CreationClaim& claim, const TpmKey& signer)
{
    const Attest attest = Attest::parse(claim.attest, AttestType::Creation);
    if (auto fault = akFault(signer))
        return fault;
    if (auto fault = signatureFault(attest, TpmSignature::parse(claim.signature), signer))
        return fault;
    if (claim.nonce && !kit::equal(*claim.nonce, attest.extraData))
        return Fault{"nonce", "the certification answers another nonce", kit::toHex(*claim.nonce),
                     kit::toHex(attest.extraData)};
    if (!claim.objectName.empty() && !kit::equal(claim.objectName, attest.objectName))
        return Fault{"object_name", "the certification is of another key", kit::toHex(claim.objectName),
                     kit::toHex(attest.objectName)};
    const kit::ByteView data = withoutSize(claim.creationData), hash = withoutSize(claim.creationHash);
    const auto algorithm =
        attest.objectName.size() >= 2
            ? hashOf(static_cast<std::uint16_t>(attest.objectName[0] << 8 | attest.objectName[1]))
            : std::nullopt;
    if (!algorithm)
        throw kit::InputError("malformed", "a name without an algorithm that is known");
    static_cast<void>(
        unmarshal<TPMS_CREATION_DATA>(data, shape::creationData, Tss2_MU_TPMS_CREATION_DATA_Unmarshal,
                                      Tss2_MU_TPMS_CREATION_DATA_Marshal, "TPMS_CREATION_DATA"));
    const auto computed = kit::hash(*algorithm, data);
    if (!kit::equal(computed.view(), attest.creationHash) ||
        (!hash.empty() && !kit::equal(hash, computed.view())))
        return Fault{"creation_hash", "the creation data is not what was certified",
                     kit::toHex(attest.creationHash), kit::toHex(computed.view())};
    return std::nullopt;
}

EkCertificate EkCertificate::parse(kit::ByteView der_or_pem)
{
    try {
        const auto objects = kit::readX509(der_or_pem);
        if (objects.certificates.size() != 1)
            throw kit::InputError("ek_certificate", "one certificate of an endorsement key is wanted, " +
                                                        std::to_string(objects.certificates.size()) +
                                                        " are there");
        return {objects.certificates.front(), objects.certificates.front().subjectCommonName()};
    } catch (const kit::CryptoError& e) {
        throw kit::InputError("ek_certificate", e.what());
    }
}

std::optional<Fault> ekCertificateFault(const EkCertificate& ek, const EkTerms& terms)
{
    if (auto fault = chainFault(ek.certificate, terms.pool, terms.anchors, terms.at,
                                "the endorsement key's certificate"))
        return fault;
    if (terms.ek != nullptr && !(ek.certificate.publicKey() == terms.ek->key))
        return Fault{"ek_key", "the certificate is of another key than the endorsement key"};
    if (!terms.vmId.empty() && ek.commonName != terms.vmId)
        return Fault{"ek_vm", "the endorsement key's certificate is of another VM", std::string(terms.vmId),
                     ek.commonName};
    return std::nullopt;
}

std::optional<Fault> akCertificateFault(const kit::Certificate& certificate, const TpmKey& ak,
                                        std::span<const kit::Certificate> pool,
                                        std::span<const kit::Certificate> anchors, kit::UnixSeconds at)
{
    if (!(certificate.publicKey() == ak.key))
        return Fault{"ak_key", "the certificate is of another key than the attestation key"};
    return chainFault(certificate, pool, anchors, at, "the attestation key's certificate");
}

} // namespace teehost::vtpm
