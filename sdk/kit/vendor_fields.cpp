// SPDX-License-Identifier: Apache-2.0
#include "vendor_fields.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "teehost/kit/crypto_error.h"
#include "teehost/kit/lru_cache.h"

namespace teehost::kit::vendor {
namespace {

constexpr std::size_t kMostSerial = 20; // RFC 5280, 4.1.2.2
constexpr std::size_t kSalt = 48;       // of a digest's size (RFC 4055, section 3.1)
constexpr std::size_t kMostAttributes = 16;

// ecdsa-with-SHA256 (RFC 5758, section 3.2), without parameters.
constexpr std::array<std::uint8_t, 12> kEcdsaSha256{0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                                    0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
// id-RSASSA-PSS with SHA-384, MGF1 with SHA-384, and 48 bytes of salt (RFC 4055, section 3.1). AMD's roots
// and intermediates write the trailer field too, which is the default, VCEKs and VLEKs do not.
constexpr std::array<std::uint8_t, 67> kPssSha384{
    0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x34, 0xa0, 0x0f,
    0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0xa1, 0x1c,
    0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09,
    0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x30};
constexpr std::array<std::uint8_t, 5> kTrailer{0xa3, 0x03, 0x02, 0x01, 0x01};

// AlgorithmIdentifiers of keys (RFC 5480, section 2; RFC 3279, section 2.3.1).
constexpr std::array<std::uint8_t, 21> kP256{0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                                             0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::array<std::uint8_t, 18> kP384{0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
                                             0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
constexpr std::array<std::uint8_t, 15> kRsa{0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                            0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};

constexpr std::array<std::uint8_t, 3> kCommonName{0x55, 0x04, 0x03}; // 2.5.4.3
constexpr std::uint8_t kUtf8 = 0x0c, kPrintable = 0x13, kSet = 0x31, kUtcTime = 0x17, kGeneralizedTime = 0x18;

/// The same algorithm with its trailer field written.
bool isPssWithTrailer(ByteView algorithm) noexcept
{
    const ByteView plain(kPssSha384);
    constexpr auto kMore = static_cast<std::uint8_t>(kTrailer.size());
    constexpr std::size_t kOuter = 1, kInner = 14; // where the lengths are that grow
    if (algorithm.size() != plain.size() + kTrailer.size() ||
        !equal(algorithm.subspan(plain.size()), kTrailer))
        return false;
    for (std::size_t i = 0; i < plain.size(); ++i)
        if (algorithm[i] != (i == kOuter || i == kInner ? plain[i] + kMore : plain[i]))
            return false;
    return true;
}

std::string_view readText(DerReader& in)
{
    const ByteView text = in.nextIs(kPrintable) ? in.primitive(kPrintable) : in.primitive(kUtf8);
    const auto isPlain = [](std::uint8_t c) { return c >= 0x20 && c <= 0x7e; };
    if (text.empty() || !std::all_of(text.begin(), text.end(), isPlain))
        in.fail("text of a name that is empty or not in printable ASCII ends");
    return textOf(text);
}

/// An uncompressed point (RFC 5480, section 2.2); OpenSSL says whether it is on the curve.
PublicKey pointOf(Curve curve, ByteView bits, const DerReader& at)
{
    const std::size_t size = sizeOf(curve);
    if (bits.size() != 1 + 2 * size || bits[0] != 0x04)
        at.fail("a point that is compressed or of another size ends");
    return PublicKey::fromPoint(curve, bits.subspan(1, size), bits.subspan(1 + size));
}

/// RSAPublicKey (RFC 8017, A.1.1).
PublicKey rsaOf(ByteView bits)
{
    constexpr std::size_t kLeast = 2048 / 8, kMost = 4096 / 8;
    constexpr std::uint64_t kLeastExponent = 65'537;
    DerReader in(bits, "RSA key of a certificate");
    DerReader key = in.sequence();
    const ByteView modulus = key.unsignedDigits();
    const std::uint64_t exponent = key.integer(UINT32_MAX);
    key.expectDone();
    in.expectDone();
    if (modulus.size() < kLeast || modulus.size() > kMost || (modulus.back() & 1) == 0)
        in.fail("an RSA modulus that is even, or of other than 2048 to 4096 bits, ends");
    if (exponent < kLeastExponent || exponent % 2 == 0)
        in.fail("an RSA exponent that is even or below 65537 ends");
    return PublicKey::fromModulus(modulus, static_cast<std::uint32_t>(exponent));
}

/// Returns nullopt for an unknown kind.
std::optional<PublicKey> makeKey(Key::Kind kind, ByteView bits, const DerReader& at)
{
    switch (kind) {
    case Key::Kind::P256:
        return pointOf(Curve::P256, bits, at);
    case Key::Kind::P384:
        return pointOf(Curve::P384, bits, at);
    case Key::Kind::Rsa:
        return rsaOf(bits);
    case Key::Kind::Other:
        break;
    }
    return std::nullopt;
}

/// Keys by the digest of their algorithm and bits: those of the makers' authorities come again with every
/// piece of evidence, and that of a platform with each of its own. Good keys alone are kept, and a key says
/// nothing of who is trusted. Never freed, since OpenSSL may end before what is static here.
LruCache<PublicKey>& knownKeys()
{
    constexpr std::size_t kMost = 64;
    static auto& keys = *new LruCache<PublicKey>(kMost);
    return keys;
}

bool isEcdsa(ByteView tbs, ByteView signature, const PublicKey& key)
{
    // ECDSA-Sig-Value (RFC 3279, section 2.2.3).
    DerReader in(signature, "signature of a certificate or CRL");
    DerReader pair = in.sequence();
    const ByteView r = pair.unsignedDigits(), s = pair.unsignedDigits();
    pair.expectDone();
    in.expectDone();
    return key.verifyEcdsa(sha256(tbs), r, s);
}

} // namespace

ByteView readAlgorithmId(DerReader& in)
{
    constexpr std::uint8_t kNull = 0x05, kOid = 0x06, kSequence = 0x30;
    const ByteView out = in.whole();
    DerReader outer(out, "algorithm in a certificate or CRL");
    DerReader pair = outer.sequence();
    static_cast<void>(pair.oidContents());
    if (pair.nextIs(kNull)) {
        if (!pair.primitive(kNull).empty())
            pair.fail("a NULL with contents ends");
    } else if (pair.nextIs(kOid)) {
        static_cast<void>(pair.oidContents());
    } else if (pair.nextIs(kSequence)) {
        pair.skip();
    }
    pair.expectDone();
    return out;
}

Signature signatureOf(ByteView algorithm) noexcept
{
    if (equal(algorithm, kEcdsaSha256))
        return Signature::EcdsaSha256;
    if (equal(algorithm, kPssSha384) || isPssWithTrailer(algorithm))
        return Signature::PssSha384;
    return Signature::Other;
}

Name readName(DerReader& in)
{
    Name out{in.whole(), {}};
    DerReader outer(out.der, "name in a certificate or CRL");
    DerReader list = outer.sequence();
    std::size_t attributes = 0, commonNames = 0;
    for (; !list.done(); ++attributes) {
        DerReader set = list.constructed(kSet);
        DerReader pair = set.sequence();
        const bool isCommon = equal(pair.oidContents(), kCommonName);
        const std::string_view text = readText(pair);
        pair.expectDone();
        set.expectDone();
        if (isCommon && ++commonNames == 1)
            out.commonName = text;
    }
    if (attributes == 0 || attributes > kMostAttributes)
        list.fail("a name of no attribute, or of more than 16, ends");
    if (commonNames != 1)
        out.commonName.clear();
    return out;
}

UnixSeconds readTime(DerReader& in)
{
    const bool isShort = in.nextIs(kUtcTime);
    const ByteView text = in.primitive(isShort ? kUtcTime : kGeneralizedTime);
    const std::size_t yearDigits = isShort ? 2 : 4, digits = yearDigits + 10;
    const auto isDigit = [](std::uint8_t c) { return c >= '0' && c <= '9'; };
    if (text.size() != digits + 1 || text.back() != 'Z' ||
        !std::all_of(text.begin(), text.end() - 1, isDigit))
        in.fail("a time that is not written with seconds and in UTC ends");
    const auto number = [text](std::size_t at, std::size_t count) {
        unsigned value = 0;
        for (const std::uint8_t c : text.subspan(at, count))
            value = 10 * value + (c - '0');
        return value;
    };
    int year = static_cast<int>(number(0, yearDigits));
    if (isShort)
        year += year < 50 ? 2000 : 1900; // RFC 5280, 4.1.2.5.1
    else if (year < 2050)
        in.fail("a GeneralizedTime before 2050 ends"); // 4.1.2.5
    const unsigned hour = number(yearDigits + 4, 2), minute = number(yearDigits + 6, 2),
                   second = number(yearDigits + 8, 2);
    const std::chrono::year_month_day day(std::chrono::year(year), std::chrono::month(number(yearDigits, 2)),
                                          std::chrono::day(number(yearDigits + 2, 2)));
    if (!day.ok() || hour > 23 || minute > 59 || second > 59)
        in.fail("a time that does not exist ends");
    const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

Validity readValidity(DerReader& in)
{
    DerReader both = in.sequence();
    Validity out;
    out.from = readTime(both);
    out.to = readTime(both);
    both.expectDone();
    return out;
}

ByteView readSerial(DerReader& in)
{
    const ByteView digits = in.unsignedDigits();
    if (digits.size() > kMostSerial)
        in.fail("a serial number of more than 20 bytes ends");
    return digits;
}

Key readKey(DerReader& in)
{
    DerReader info = in.sequence();
    const ByteView algorithm = readAlgorithmId(info);
    Key out;
    out.bits = info.wholeBits();
    info.expectDone();
    out.kind = equal(algorithm, kP256)   ? Key::Kind::P256
               : equal(algorithm, kP384) ? Key::Kind::P384
               : equal(algorithm, kRsa)  ? Key::Kind::Rsa
                                         : Key::Kind::Other;
    if (out.kind == Key::Kind::Other)
        return out;
    const Sha256Digest id = ContentKey().add(algorithm).add(out.bits).finish();
    if (const auto known = knownKeys().find(id)) {
        out.key = *known;
        return out;
    }
    out.key = makeKey(out.kind, out.bits, info);
    knownKeys().keep(id, std::make_shared<const PublicKey>(*out.key));
    return out;
}

bool isSigned(ByteView tbs, Signature algorithm, ByteView signature, const Key& issuer)
{
    try {
        if (algorithm == Signature::EcdsaSha256)
            return issuer.kind == Key::Kind::P256 && isEcdsa(tbs, signature, *issuer.key);
        if (algorithm == Signature::PssSha384)
            return issuer.kind == Key::Kind::Rsa &&
                   issuer.key->verifyPss(HashAlgorithm::Sha2_384, kSalt, sha384(tbs), signature);
    } catch (const ParseError&) { // of what is no signature at all
    }
    return false;
}

} // namespace teehost::kit::vendor
