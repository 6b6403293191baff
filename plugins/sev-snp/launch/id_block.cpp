// SPDX-License-Identifier: Apache-2.0
#include "launch/id_block.h"

#include <algorithm>
#include <string>

#include <teehost/kit/crypto_error.h>

#include "input_error.h"

namespace teehost::sev_snp {
namespace {

constexpr std::uint32_t kEcdsaP384Sha384 = 1;
constexpr std::uint32_t kCurveP384 = 2;
constexpr std::size_t kNumber = 72; // of a coordinate and of half a signature
constexpr std::size_t kSignatureSize = 512;

// Offsets in the ID authentication information.
constexpr std::size_t kBlockSignature = 0x40;
constexpr std::size_t kIdKeyAt = 0x240;
constexpr std::size_t kKeySignature = 0x680;
constexpr std::size_t kAuthorKeyAt = 0x880;

/// Big endian, as long as a number of P-384; empty when it is longer.
kit::Bytes bigEndian(kit::ByteView number)
{
    constexpr std::size_t kUsed = kit::sizeOf(kit::Curve::P384);
    return kit::isZero(number.subspan(kUsed)) ? kit::reversed(number.first(kUsed)) : kit::Bytes();
}

bool isSigned(kit::ByteView message, const IdSignature& signature, const IdKey& by)
{
    const kit::Bytes r = bigEndian(signature.r), s = bigEndian(signature.s);
    return !r.empty() && !s.empty() && by.key().verifyEcdsa(kit::sha384(message), r, s);
}

IdSignature readSignature(kit::Reader in)
{
    const IdSignature signature{in.array<kNumber>(), in.array<kNumber>()};
    if (!kit::isZero(in.rest()))
        throw InputError("id_auth_form",
                         "a signature in the ID authentication information is followed by other bytes",
                         in.offset());
    return signature;
}

void expectZero(kit::Reader& in, std::size_t until)
{
    const std::size_t at = in.offset();
    if (!kit::isZero(in.bytes(until - at)))
        throw InputError("id_auth_form", "reserved bytes of the ID authentication information are not zero",
                         at);
}

template <class Output>
void putNumber(Output at, std::uint64_t number, std::size_t bytes)
{
    for (std::size_t i = 0; i < bytes; ++i)
        *at++ = static_cast<std::uint8_t>(number >> (8 * i));
}

} // namespace

IdBlock IdBlock::parse(kit::ByteView bytes)
{
    return withReason("id_block_form", [&] {
        kit::Reader in(bytes, "ID block");
        IdBlock block{in.array<48>(), in.array<16>(), in.array<16>(), in.u32(), in.u32(), in.u64()};
        in.expectDone();
        if (block.version != kIdBlockVersion)
            throw InputError("id_block_form", "the ID block has version " + std::to_string(block.version));
        return block;
    });
}

std::array<std::uint8_t, kIdBlockSize> IdBlock::encode() const
{
    std::array<std::uint8_t, kIdBlockSize> out{};
    auto* at = std::copy(digest.begin(), digest.end(), out.data());
    at = std::copy(familyId.begin(), familyId.end(), at);
    at = std::copy(imageId.begin(), imageId.end(), at);
    putNumber(at, version, 4);
    putNumber(at + 4, guestSvn, 4);
    putNumber(at + 8, policy, 8);
    return out;
}

IdKey IdKey::of(std::uint32_t curve, kit::ByteView x, kit::ByteView y)
{
    std::array<std::uint8_t, kIdKeySize> bytes{};
    putNumber(bytes.data(), curve, 4);
    std::copy(x.begin(), x.end(), bytes.data() + 4);
    std::copy(y.begin(), y.end(), bytes.data() + 4 + kNumber);
    return IdKey(bytes);
}

IdKey IdKey::of(const kit::PublicKey& key)
{
    if (!key.isOn(kit::Curve::P384))
        throw InputError("id_key_curve", "ID and author keys must be EC keys on P-384");
    const auto point = key.pointOn(kit::Curve::P384);
    return of(kCurveP384, kit::reversed(point.x), kit::reversed(point.y));
}

kit::PublicKey IdKey::key() const
{
    kit::Reader in(bytes_, "ID key");
    const std::uint32_t curve = in.u32();
    const kit::Bytes x = bigEndian(in.bytes(kNumber)), y = bigEndian(in.bytes(kNumber));
    if (curve != kCurveP384 || x.empty() || y.empty() || !kit::isZero(in.rest()))
        throw InputError("id_key_curve",
                         "a key of the ID authentication information is not on P-384 (curve " +
                             std::to_string(curve) + ")");
    try {
        return kit::PublicKey::fromPoint(kit::Curve::P384, x, y);
    } catch (const kit::CryptoError& e) {
        throw InputError("id_key_curve", e.what());
    }
}

kit::Sha384Digest IdKey::digest() const { return isNone() ? kit::Sha384Digest{} : kit::sha384(bytes_); }

IdAuth IdAuth::parse(kit::ByteView bytes)
{
    return withReason("id_auth_form", [&] {
        kit::Reader in(bytes, "ID authentication information");
        const std::uint32_t idAlgorithm = in.u32(), authorAlgorithm = in.u32();
        IdAuth auth;
        expectZero(in, kBlockSignature);
        auth.blockSignature = readSignature(in.part(kSignatureSize));
        auth.idKey = IdKey(in.array<kIdKeySize>());
        expectZero(in, kKeySignature);
        auth.keySignature = readSignature(in.part(kSignatureSize));
        auth.authorKey = IdKey(in.array<kIdKeySize>());
        expectZero(in, kIdAuthSize);
        in.expectDone();
        const bool noAuthor = auth.authorKey.isNone();
        if (idAlgorithm != kEcdsaP384Sha384 || authorAlgorithm > kEcdsaP384Sha384 ||
            (!noAuthor && authorAlgorithm != kEcdsaP384Sha384))
            throw InputError("id_auth_form", "the ID authentication information has unknown algorithms", 0);
        return auth;
    });
}

std::array<std::uint8_t, kIdAuthSize> IdAuth::encode() const
{
    std::array<std::uint8_t, kIdAuthSize> out{};
    const auto put = [&out](std::size_t offset, const auto& bytes) {
        std::copy(bytes.begin(), bytes.end(), out.begin() + static_cast<std::ptrdiff_t>(offset));
    };
    putNumber(out.data(), kEcdsaP384Sha384, 4);
    putNumber(out.data() + 4, authorKey.isNone() ? 0 : kEcdsaP384Sha384, 4);
    put(kBlockSignature, blockSignature.r);
    put(kBlockSignature + kNumber, blockSignature.s);
    put(kIdKeyAt, idKey.bytes());
    put(kKeySignature, keySignature.r);
    put(kKeySignature + kNumber, keySignature.s);
    put(kAuthorKeyAt, authorKey.bytes());
    return out;
}

void verifyId(const IdBlock& block, const IdAuth& auth)
{
    if (!isSigned(block.encode(), auth.blockSignature, auth.idKey))
        throw InputError("id_block_signature", "the ID block is not signed by the ID key");
    if (!auth.authorKey.isNone() && !isSigned(auth.idKey.bytes(), auth.keySignature, auth.authorKey))
        throw InputError("id_key_signature", "the ID key is not signed by the author key");
}

} // namespace teehost::sev_snp
