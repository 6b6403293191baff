// SPDX-License-Identifier: Apache-2.0
#include "quote/tpm_key.h"

#include <array>

#include <teehost/kit/crypto_error.h>

#include "quote/tss.h"

namespace teehost::vtpm {
namespace {

constexpr std::size_t kFewestRsaBits = 2048;
constexpr std::uint32_t kDefaultExponent = 65537; // TPMS_RSA_PARMS: 0 means this one

kit::InputError refusedKey(const std::string& why) { return {"key", "the key is " + why}; }

/// Every TPMT_PUBLIC begins with its type, RSA 0001 or ECC 0023; TPM2B_PUBLIC with the size of what follows.
kit::ByteView withoutSize(kit::ByteView bytes)
{
    kit::Reader in(bytes, "public area");
    const std::uint16_t first = in.u16be();
    return bytes.size() == std::size_t{first} + 2 ? in.rest() : bytes;
}

kit::PublicKey rsaKey(const TPMT_PUBLIC& area)
{
    const kit::ByteView modulus = viewOf(area.unique.rsa);
    const std::uint32_t exponent = area.parameters.rsaDetail.exponent;
    if (area.parameters.rsaDetail.keyBits < kFewestRsaBits || modulus.empty() || (modulus[0] & 0x80) == 0 ||
        modulus.size() * 8 != area.parameters.rsaDetail.keyBits)
        throw refusedKey("RSA of " + std::to_string(modulus.size() * 8) + " bits, said to be of " +
                         std::to_string(area.parameters.rsaDetail.keyBits));
    if (exponent != 0 && exponent != kDefaultExponent)
        throw refusedKey("RSA with the exponent " + std::to_string(exponent));
    return kit::PublicKey::fromModulus(modulus, kDefaultExponent);
}

kit::PublicKey eccKey(const TPMT_PUBLIC& area)
{
    const auto curve = [&] {
        switch (area.parameters.eccDetail.curveID) {
        case TPM2_ECC_NIST_P256:
            return kit::Curve::P256;
        case TPM2_ECC_NIST_P384:
            return kit::Curve::P384;
        case TPM2_ECC_NIST_P521:
            return kit::Curve::P521;
        default:
            throw refusedKey("on the curve " + curveName(area.parameters.eccDetail.curveID));
        }
    }();
    const auto padded = [&](kit::ByteView number) {
        if (number.size() > kit::sizeOf(curve))
            throw refusedKey("no point of its curve");
        kit::Bytes out(kit::sizeOf(curve) - number.size());
        out.insert(out.end(), number.begin(), number.end());
        return out;
    };
    return kit::PublicKey::fromPoint(curve, padded(viewOf(area.unique.ecc.x)),
                                     padded(viewOf(area.unique.ecc.y)));
}

std::optional<SigningScheme> schemeOf(const TPMT_PUBLIC& area)
{
    const bool rsa = area.type == TPM2_ALG_RSA;
    const std::uint16_t scheme =
        rsa ? area.parameters.rsaDetail.scheme.scheme : area.parameters.eccDetail.scheme.scheme;
    if (scheme == TPM2_ALG_NULL)
        return std::nullopt;
    // All schemes but RSAES begin with their hash, wherever the union keeps them.
    const std::uint16_t hash = rsa ? area.parameters.rsaDetail.scheme.details.anySig.hashAlg
                                   : area.parameters.eccDetail.scheme.details.anySig.hashAlg;
    return SigningScheme{scheme, hash};
}

TpmKey read(kit::ByteView bytes)
{
    bytes = withoutSize(bytes);
    const auto area = unmarshal<TPMT_PUBLIC>(bytes, shape::publicArea, Tss2_MU_TPMT_PUBLIC_Unmarshal,
                                             Tss2_MU_TPMT_PUBLIC_Marshal, "public area");
    if (area.type != TPM2_ALG_RSA && area.type != TPM2_ALG_ECC)
        throw refusedKey("of type " + algorithmName(area.type));
    const auto name = hashOf(area.nameAlg);
    if (!name || name == HashAlgorithm::Sha1)
        throw refusedKey("named by the algorithm " + algorithmName(area.nameAlg));
    return {{bytes.begin(), bytes.end()},
            *name,
            area.objectAttributes,
            schemeOf(area),
            area.type == TPM2_ALG_RSA ? rsaKey(area) : eccKey(area)};
}

kit::Bytes nameOf(HashAlgorithm algorithm, kit::ByteView hashed)
{
    constexpr std::array<std::uint8_t, 5> kIds{kAlgSha1, kAlgSha256, kAlgSha384, kAlgSha512, 0};
    kit::Bytes out{0, kIds[static_cast<std::size_t>(algorithm)]};
    const auto digest = kit::hash(algorithm, hashed);
    out.insert(out.end(), digest.view().begin(), digest.view().end());
    return out;
}

std::optional<Fault> attributesFault(const TpmKey& key, std::uint32_t wanted, std::uint32_t forbidden,
                                     std::string_view reason, const std::string& what)
{
    if ((key.attributes & wanted) == wanted && (key.attributes & forbidden) == 0)
        return std::nullopt;
    return Fault{reason, what, "set " + kit::hexNumber(wanted) + ", clear " + kit::hexNumber(forbidden),
                 kit::hexNumber(key.attributes)};
}

constexpr std::uint32_t kOwn =
    attribute::kFixedTpm | attribute::kFixedParent | attribute::kSensitiveDataOrigin | attribute::kRestricted;

} // namespace

TpmKey TpmKey::parse(kit::ByteView bytes)
{
    try {
        return kit::withReason("malformed", [&] { return read(bytes); });
    } catch (const kit::CryptoError& e) {
        throw kit::InputError("key", e.what());
    }
}

kit::Bytes TpmKey::name() const { return nameOf(nameAlgorithm, bytes); }

kit::Bytes TpmKey::qualifiedName(kit::ByteView parent) const
{
    kit::Bytes hashed(parent.begin(), parent.end());
    const kit::Bytes own = name();
    hashed.insert(hashed.end(), own.begin(), own.end());
    return nameOf(nameAlgorithm, hashed);
}

std::optional<Fault> akFault(const TpmKey& key)
{
    return attributesFault(
        key, kOwn | attribute::kSign, attribute::kDecrypt, "ak_attributes",
        "the key that signs is not a restricted signing key that was made in its TPM and stays there");
}

std::optional<Fault> ekFault(const TpmKey& key)
{
    return attributesFault(key, kOwn | attribute::kDecrypt | attribute::kAdminWithPolicy, attribute::kSign,
                           "ek_attributes", "the key is no endorsement key by its attributes");
}

std::string_view parentOf(const TpmKey& key, kit::ByteView qualified_signer, const TpmKey* ek)
{
    struct Hierarchy { // TPM_RH, part 2, section 7.4
        std::string_view name;
        std::array<std::uint8_t, 4> handle;
    };
    static constexpr std::array kHierarchies{Hierarchy{"owner", {0x40, 0, 0, 0x01}},
                                             Hierarchy{"endorsement", {0x40, 0, 0, 0x0B}},
                                             Hierarchy{"null", {0x40, 0, 0, 0x07}}};
    for (const Hierarchy& one : kHierarchies)
        if (kit::equal(key.qualifiedName(one.handle), qualified_signer))
            return one.name;
    const auto& endorsement = kHierarchies[1].handle;
    if (ek != nullptr && kit::equal(key.qualifiedName(ek->qualifiedName(endorsement)), qualified_signer))
        return "ek";
    return "unknown";
}

} // namespace teehost::vtpm
