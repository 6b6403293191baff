// SPDX-License-Identifier: Apache-2.0
//
// Whatever is done to a genuine quote, it is accepted only when nothing was done to what it says; and any
// bytes can be looked at. Input: a byte for the quote's form, then three a change, offset and what its byte
// is XORed with; the same bytes are then read as a quote.
#include "tdx/quote/claims.h"
#include "tdx/quote/verify.h"
#include "tdx_factory/collateral.h"
#include "tdx_factory/quotes.h"
#include "tests/fuzz/refusal.h"

namespace {

using namespace teehost;
using namespace teehost::tdx;

struct Genuine {
    tdx_factory::Hierarchy hierarchy;
    std::string chain =
        tdx_factory::chainText(hierarchy, x509_factory::makeCertificate(hierarchy.pckTerms()));
    std::vector<Anchor> anchors{Anchor::of(hierarchy.root)};
    CollateralPool pool;
    std::vector<kit::Bytes> quotes;

    Genuine()
    {
        pool.add(
            kit::viewOf(tdx_factory::signedDocument("tcbInfo", tdx_factory::tcbInfo(), hierarchy.signerKey)));
        pool.add(kit::viewOf(
            tdx_factory::signedDocument("enclaveIdentity", tdx_factory::qeIdentity(), hierarchy.signerKey)));
        pool.add(hierarchy.signer.der());
        pool.add(makeCrl(hierarchy.rootCrlTerms()).der());
        pool.add(makeCrl(hierarchy.pckCrlTerms()).der());
        for (const auto& [version, type] :
             {std::pair(4, 2), std::pair(5, 2), std::pair(5, 3), std::pair(5, 4)}) {
            tdx_factory::QuoteTerms terms;
            terms.version = static_cast<std::uint16_t>(version);
            terms.bodyType = static_cast<std::uint16_t>(type);
            quotes.push_back(tdx_factory::makeQuote(terms, hierarchy, chain));
        }
    }
};

/// All that a quote says. What ends its PEM text, a newline or NUL, says nothing.
bool saysTheSame(const Quote& a, const Quote& b)
{
    return kit::equal(a.signedPart, b.signedPart) && kit::equal(a.signature, b.signature) &&
           kit::equal(a.attestationKey, b.attestationKey) && kit::equal(a.qeReportBytes, b.qeReportBytes) &&
           kit::equal(a.qeSignature, b.qeSignature) && kit::equal(a.qeAuthData, b.qeAuthData) &&
           readPemChain(a.certificates) == readPemChain(b.certificates);
}

void acceptsNothingElse(kit::ByteView changes)
{
    static const Genuine genuine;
    const std::size_t form = changes.empty() ? 0 : changes[0] % genuine.quotes.size();
    const kit::Bytes& original = genuine.quotes[form];
    kit::Bytes bytes = original;
    for (changes = changes.subspan(std::min<std::size_t>(1, changes.size())); changes.size() >= 3;
         changes = changes.subspan(3)) {
        const std::size_t offset = (static_cast<std::size_t>(changes[0]) << 8 | changes[1]) % bytes.size();
        bytes[offset] ^= changes[2];
    }
    const auto quote = fuzz::unlessInputError([&] { return Quote::parse(bytes); });
    if (!quote)
        return fuzz::require(bytes != original, "a genuine quote is read");
    const PckChain chain = PckChain::of(quote->certificates);
    const auto verified = verifyQuote(*quote, chain, Collateral::of(genuine.pool, &chain, genuine.anchors),
                                      {x509_factory::kNow, genuine.anchors});
    const bool accepted = kit::firstObjection(verified.lines) == nullptr && verified.tcb;
    fuzz::require(bytes != original || accepted, "a genuine quote is accepted");
    fuzz::require(!accepted || saysTheSame(*quote, Quote::parse(original)), "a changed quote is refused");
    for (const kit::CheckLine& line : verified.lines)
        fuzz::requirePrintable(line.message, "a check can be shown");
}

void canBeLookedAt(kit::ByteView bytes)
{
    const auto quote = fuzz::unlessInputError([&] { return Quote::parse(bytes); });
    fuzz::require(quote.has_value() || looksLikeQuote(bytes) < 90, "what cannot be read is not recognised");
    if (!quote)
        return;
    fuzz::require(quote->signedPart.size() + quote->certificates.size() + quote->trailingBytes < bytes.size(),
                  "the parts lie in the quote");
    const PckChain chain = PckChain::of(quote->certificates);
    fuzz::require(chain.isWhole() || chain.format, "a chain is whole, or something is wrong with it");
    std::size_t claims = 0;
    claimQuote(*quote, [&](std::string_view, const sdk::Value&) { ++claims; });
    fuzz::require(claims > 30, "everything is claimed");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    acceptsNothingElse({data, size});
    canBeLookedAt({data, size});
    return 0;
}
