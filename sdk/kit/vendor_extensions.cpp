// SPDX-License-Identifier: Apache-2.0
#include "vendor_extensions.h"

#include <algorithm>
#include <array>

namespace teehost::kit::vendor {
namespace {

constexpr std::size_t kMostExtensions = 32; // a VCEK has fifteen
constexpr std::uint64_t kMostPathLength = 255;

using Oid = std::array<std::uint8_t, 3>; // 2.5.29.x, id-ce
constexpr Oid kSubjectKeyId{0x55, 0x1d, 14}, kKeyUsage{0x55, 0x1d, 15}, kBasicConstraints{0x55, 0x1d, 19},
    kDistributionPoints{0x55, 0x1d, 31}, kAuthorityKeyId{0x55, 0x1d, 35};

// Below these everything has a meaning that OpenSSL looks at: id-ce, id-pe (1.3.6.1.5.5.7.1) and Netscape's
// (2.16.840.1.113730.1).
constexpr std::array<std::uint8_t, 2> kCe{0x55, 0x1d};
constexpr std::array<std::uint8_t, 7> kPe{0x2b, 6, 1, 5, 5, 7, 1};
constexpr std::array<std::uint8_t, 8> kNetscape{0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 1};

bool isBelow(ByteView oid, ByteView prefix) noexcept
{
    return oid.size() >= prefix.size() && equal(oid.first(prefix.size()), prefix);
}

bool hasMeaning(ByteView oid) noexcept
{
    return isBelow(oid, kCe) || isBelow(oid, kPe) || isBelow(oid, kNetscape);
}

/// KeyIdentifier alone, as the makers write it: neither issuer nor serial number (4.2.1.1).
ByteView readAuthorityKeyId(DerReader in)
{
    DerReader list = in.sequence();
    const ByteView id = list.primitive(0x80);
    list.expectDone();
    in.expectDone();
    return id;
}

/// Reads the key identifier of a CRL. Issuer and serial number may stand behind it, and mean nothing: the
/// issuer is known by name and key.
std::optional<ByteView> readKeyIdOfCrl(DerReader in)
{
    DerReader list = in.sequence();
    std::optional<ByteView> id;
    if (list.nextIs(0x80))
        id = list.primitive(0x80);
    while (!list.done())
        list.skip();
    in.expectDone();
    return id;
}

ByteView readSubjectKeyId(DerReader in)
{
    const ByteView id = in.octets();
    in.expectDone();
    return id;
}

/// At least one bit in the last byte, and none among the unused ones (X.690, 11.2.1). AMD counts one unused
/// bit where DER has two (11.2.2), in each of its intermediate certificates.
unsigned readKeyUsage(DerReader in)
{
    constexpr std::size_t kMostBytes = 2; // decipherOnly is bit 8
    const ByteView contents = in.primitive(0x03);
    in.expectDone();
    const std::size_t bytes = contents.empty() ? 0 : contents.size() - 1;
    if (bytes == 0 || bytes > kMostBytes || contents[0] > 7 || contents.back() == 0 ||
        (contents.back() & ((1u << contents[0]) - 1)) != 0)
        in.fail("a key usage of no bit, or with unused bits, ends");
    unsigned out = 0;
    for (unsigned bit = 0; bit < 8 * bytes; ++bit)
        if ((contents[1 + bit / 8] & 0x80u >> bit % 8) != 0)
            out |= 1u << bit;
    return out;
}

/// cA, which is not written when it is false, and pathLenConstraint, which only a CA has (4.2.1.9).
void readBasicConstraints(DerReader in, Constraints& out)
{
    DerReader list = in.sequence();
    if (list.nextIs(0x01)) {
        if (!list.boolean())
            list.fail("a CA flag that is written although it is false ends");
        out.isCa = true;
        if (list.nextIs(0x02))
            out.pathLength = list.integer(kMostPathLength);
    }
    list.expectDone();
    in.expectDone();
}

/// Each a full name of URIs, and nothing else (4.2.1.13). They are not followed.
void readDistributionPoints(DerReader in)
{
    for (DerReader list = in.sequence(); !list.done();) {
        DerReader point = list.sequence();
        DerReader place = point.constructed(0xa0);
        for (DerReader names = place.constructed(0xa0); !names.done();)
            for (const std::uint8_t c : names.primitive(0x86))
                if (c < 0x20 || c > 0x7e)
                    names.fail("a URI that is not in printable ASCII ends");
        place.expectDone();
        point.expectDone();
    }
    in.expectDone();
}

/// False for an extension that the makers do not use.
bool read(const Extension& its, Constraints& out)
{
    const DerReader value(its.value, "extension of a certificate");
    if (equal(its.oid, kSubjectKeyId))
        out.subjectKeyId = readSubjectKeyId(value);
    else if (equal(its.oid, kAuthorityKeyId))
        out.authorityKeyId = readAuthorityKeyId(value);
    else if (equal(its.oid, kKeyUsage))
        out.keyUsage = readKeyUsage(value);
    else if (equal(its.oid, kBasicConstraints))
        readBasicConstraints(value, out);
    else if (equal(its.oid, kDistributionPoints))
        readDistributionPoints(value);
    else
        return false;
    return true;
}

bool mayBeCritical(const Extension& its) noexcept
{
    return equal(its.oid, kKeyUsage) || equal(its.oid, kBasicConstraints);
}

std::optional<std::string> faultOf(const Extension& its, bool known, bool twice)
{
    if (twice && hasMeaning(its.oid)) // whoever reads one of the maker's own refuses two of it
        return "has an extension twice";
    if (its.critical && !mayBeCritical(its))
        return "has an extension that is critical and not understood";
    if (!known && hasMeaning(its.oid))
        return "has an extension that the maker's certificates do not have";
    return std::nullopt;
}

} // namespace

std::vector<Extension> readExtensions(DerReader& in)
{
    std::vector<Extension> out;
    DerReader list = in.sequence();
    if (list.done())
        list.fail("a list of no extension ends"); // RFC 5280, 4.1
    while (!list.done()) {
        if (out.size() == kMostExtensions)
            list.fail("the 33rd extension begins");
        DerReader one = list.sequence();
        Extension its{one.oidContents(), false, {}};
        if (one.nextIs(0x01) && !(its.critical = one.boolean()))
            one.fail("a critical flag that is written although it is false ends"); // X.690, 11.5
        its.value = one.octets();
        one.expectDone();
        out.push_back(its);
    }
    return out;
}

Constraints constraintsOf(const std::vector<Extension>& extensions)
{
    Constraints out;
    for (auto its = extensions.begin(); its != extensions.end(); ++its) {
        const auto isSame = [&](const Extension& other) { return equal(other.oid, its->oid); };
        const bool isTwice = std::any_of(extensions.begin(), its, isSame);
        const bool known = read(*its, out);
        if (!out.fault)
            out.fault = faultOf(*its, known, isTwice);
    }
    return out;
}

std::optional<ByteView> authorityKeyIdOf(const std::vector<Extension>& extensions)
{
    const auto isIt = [](const Extension& its) { return equal(its.oid, kAuthorityKeyId); };
    const auto first = std::find_if(extensions.begin(), extensions.end(), isIt);
    if (first == extensions.end())
        return std::nullopt;
    const DerReader value(first->value, "authority key identifier of a CRL");
    if (std::find_if(first + 1, extensions.end(), isIt) != extensions.end())
        value.fail("the first of two begins");
    return readKeyIdOfCrl(value);
}

} // namespace teehost::kit::vendor
