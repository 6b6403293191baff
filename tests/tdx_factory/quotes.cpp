// SPDX-License-Identifier: Apache-2.0
#include "tdx_factory/quotes.h"

#include <algorithm>

#include <teehost/kit/digest.h>

namespace teehost::tdx_factory {
namespace {

constexpr std::size_t kNumber = 32;

void append(Bytes& out, kit::ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
void little(Bytes& out, std::uint64_t number, unsigned octets)
{
    for (unsigned i = 0; i < octets; ++i)
        out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}
void put(Bytes& out, std::size_t at, kit::ByteView bytes)
{
    std::copy(bytes.begin(), bytes.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
}
void fill(Bytes& out, std::size_t at, std::size_t size, std::uint8_t seed)
{
    for (std::size_t i = 0; i < size; ++i)
        out[at + i] = static_cast<std::uint8_t>(seed + 3 * i);
}

Bytes header(const QuoteTerms& terms)
{
    Bytes out;
    little(out, terms.version, 2);
    little(out, 2, 2);    // ECDSA on P-256
    little(out, 0x81, 4); // TDX
    little(out, 0, 4);
    append(out, kit::fromHex("939a7233f79c4ca9940a0db3957f0607").value());
    append(out, Bytes(20, 0x0d));
    if (terms.header)
        terms.header(out);
    return out;
}

Bytes body(const QuoteTerms& terms)
{
    Bytes out(terms.bodyType == 2 ? 584 : terms.bodyType == 3 ? 648 : 885);
    const Bytes svn{6, 1, 6};
    put(out, field::kTeeTcbSvn, svn);
    fill(out, 0x10, 48, 0x11); // MRSEAM
    put(out, field::kTdAttributes, Bytes{0, 0, 0, 0x10});
    put(out, field::kXfam, Bytes{0xe7, 0x02, 0x06});
    fill(out, field::kMrTd, 48, 0x22);
    for (std::size_t i = 0; i < 4; ++i)
        fill(out, 0x148 + 48 * i, 48, static_cast<std::uint8_t>(0x30 + i));
    fill(out, field::kReportData, 64, 0x44);
    if (terms.bodyType > 2)
        put(out, field::kTeeTcbSvn2, svn);
    if (terms.body)
        terms.body(out);
    return out;
}

Bytes attestationPoint(const Hierarchy& hierarchy)
{
    const auto point = kit::PublicKey(hierarchy.attestationKey).pointOn(kit::Curve::P256);
    Bytes out = point.x;
    append(out, point.y);
    return out;
}

Bytes qeReport(const QuoteTerms& terms, kit::ByteView attestation_key)
{
    Bytes out(384);
    put(out, 48, Bytes{0x11}); // ATTRIBUTES
    fill(out, 64, 32, 0x66);
    put(out, 128, kit::fromHex("dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5").value());
    put(out, 256, Bytes{2, 0, 4, 0}); // ISVPRODID, ISVSVN
    kit::Sha256 hasher;
    hasher.update(attestation_key);
    hasher.update(terms.authData);
    put(out, 320, hasher.finish());
    if (terms.qeReport)
        terms.qeReport(out);
    return out;
}

} // namespace

Bytes makeQuote(const QuoteTerms& terms, const Hierarchy& hierarchy, const std::string& chain)
{
    Bytes out = header(terms);
    const Bytes content = body(terms);
    if (terms.version >= 5) {
        little(out, terms.bodyType, 2);
        little(out, content.size(), 4);
    }
    append(out, content);
    const Bytes signature = signBytes(out, hierarchy.attestationKey, kNumber);

    const Bytes key = attestationPoint(hierarchy), report = qeReport(terms, key);
    const std::string& pem = terms.chain.empty() ? chain : terms.chain;
    Bytes certification = report;
    append(certification, signBytes(report, hierarchy.pckKey, kNumber));
    little(certification, terms.authData.size(), 2);
    append(certification, terms.authData);
    little(certification, 5, 2);
    little(certification, pem.size(), 4);
    append(certification, kit::viewOf(pem));

    little(out, signature.size() + key.size() + 6 + certification.size(), 4);
    append(out, signature);
    append(out, key);
    little(out, 6, 2);
    little(out, certification.size(), 4);
    append(out, certification);
    append(out, terms.trailing);
    return out;
}

std::string chainText(const Hierarchy& hierarchy, const kit::Certificate& pck)
{
    return pem(pck) + pem(hierarchy.issuer) + pem(hierarchy.root);
}

} // namespace teehost::tdx_factory
