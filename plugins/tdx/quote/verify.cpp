// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/verify.h"

#include <algorithm>
#include <array>

#include <teehost/kit/digest.h>

#include "tdx/quote/checks.h"
#include "tdx/quote/rate.h"

namespace teehost::tdx {
namespace {

using kit::CheckLine, kit::failed, kit::passed, kit::skipped, kit::timeText;

constexpr std::string_view kNoChain = "there is no chain of certificates to look at";

CheckLine form(const Quote& quote)
{
    std::string message = "the quote is well-formed, version " + std::to_string(quote.version);
    if (quote.trailingBytes != 0)
        message +=
            "; " + std::to_string(quote.trailingBytes) + " bytes behind it are not signed, and not looked at";
    return passed(check_id::kForm, message);
}

CheckLine chainFormat(const PckChain& chain)
{
    using check_id::kChainFormat;
    if (!chain.format)
        return passed(kChainFormat, "the quote brings the chain of a PCK certificate");
    const bool isUnreadable = chain.format->reason == "CHAIN_FORMAT" || chain.format->reason == "CHAIN_LEN";
    return isUnreadable ? kit::unfit(kChainFormat, chain.format->reason, chain.format->message)
                        : failed(kChainFormat, *chain.format);
}

CheckLine root(const PckChain& chain, const VerifyTerms& terms)
{
    using check_id::kRoot;
    const std::string fingerprint = kit::toHex(chain.rootId.certificate);
    if (isTrusted(chain.rootId, terms.anchors))
        return passed(kRoot, "the root is trusted (SHA-256 " + fingerprint + ")");
    CheckLine line = failed(kRoot, "ROOT_UNTRUSTED", "the root is not one that is trusted here");
    line.hint = "give the root as an anchor if it is meant to be trusted";
    line.expected = "a root that is built in or given as an anchor";
    line.actual = "SHA-256 " + fingerprint;
    return line;
}

CheckLine signatures(const PckChain& chain)
{
    using check_id::kChain;
    return chain.signatures ? failed(kChain, *chain.signatures)
                            : passed(kChain, "the PCK certificate is signed by " + chain.validity.at(1).name +
                                                 ", that by the root");
}

CheckLine validity(const PckChain& chain, const VerifyTerms& terms)
{
    using check_id::kValidity;
    kit::UnixSeconds end = INT64_MAX;
    for (const NamedValidity& one : chain.validity) {
        if (!one.validity.covers(terms.at)) {
            CheckLine line =
                failed(kValidity, terms.at < one.validity.from ? "CERT_NOT_YET_VALID" : "CERT_EXPIRED",
                       "the certificate of " + one.name + " is valid from " + timeText(one.validity.from) +
                           " to " + timeText(one.validity.to) + ", not at " + timeText(terms.at));
            line.hint = "evidence that was stored is verified at the time it was collected (--at)";
            return line;
        }
        end = std::min(end, one.validity.to);
    }
    return passed(kValidity,
                  "all certificates are valid at " + timeText(terms.at) + ", until " + timeText(end));
}

CheckLine qeSignature(const Quote& quote, const PckChain& chain)
{
    using check_id::kQeSignature;
    const auto digest = kit::sha256(quote.qeReportBytes);
    const bool valid = chain.key && chain.key->verifyEcdsa(digest, quote.qeSignature.first(32),
                                                           quote.qeSignature.subspan(32));
    return valid ? passed(kQeSignature, "the quoting enclave's report is signed by the platform's key")
                 : failed(kQeSignature, "QE_REPORT_SIG",
                          "the quoting enclave's report is not signed by the key of this PCK certificate");
}

/// All 64 bytes: a hash with other bytes behind it would leave room for something else.
CheckLine qeReportData(const Quote& quote)
{
    using check_id::kQeReportData;
    kit::Sha256 hasher;
    hasher.update(quote.attestationKey);
    hasher.update(quote.qeAuthData);
    const auto digest = hasher.finish();
    const kit::ByteView data(quote.qe.reportData);
    const bool binds =
        kit::equal(data.first(digest.size()), digest) && kit::isZero(data.subspan(digest.size()));
    return kit::judged(kQeReportData, binds, "QE_REPORT_DATA",
                       binds ? "the quoting enclave vouches for the attestation key"
                             : "the quoting enclave vouches for another attestation key",
                       kit::toHex(digest), kit::toHex(data));
}

CheckLine quoteSignature(const Quote& quote)
{
    using check_id::kSignature;
    constexpr std::size_t kNumber = kit::sizeOf(kit::Curve::P256);
    try {
        const auto key = kit::PublicKey::fromPoint(kit::Curve::P256, quote.attestationKey.first(kNumber),
                                                   quote.attestationKey.subspan(kNumber));
        if (key.verifyEcdsa(kit::sha256(quote.signedPart), quote.signature.first(kNumber),
                            quote.signature.subspan(kNumber)))
            return passed(kSignature, "the quote is signed by the attestation key");
        return failed(kSignature, "QUOTE_SIG", "the quote is not signed by this attestation key");
    } catch (const kit::CryptoError& e) {
        return failed(kSignature, "ATT_KEY", std::string("the attestation key is none: ") + e.what());
    }
}

} // namespace

Verified verifyQuote(const Quote& quote, const PckChain& chain, const Collateral& collateral,
                     const VerifyTerms& terms)
{
    Verified out;
    out.lines = {form(quote), chainFormat(chain)};
    if (chain.isWhole()) {
        out.lines.insert(out.lines.end(), {root(chain, terms), signatures(chain), validity(chain, terms),
                                           verifyCrls(collateral, terms), qeSignature(quote, chain)});
    } else {
        for (const auto id :
             {check_id::kRoot, check_id::kChain, check_id::kValidity, check_id::kCrl, check_id::kQeSignature})
            out.lines.push_back(skipped(id, std::string(kNoChain)));
    }
    out.lines.insert(out.lines.end(), {qeReportData(quote), quoteSignature(quote)});
    for (CheckLine& line : verifyCollateral(collateral, terms))
        out.lines.push_back(std::move(line));
    addRatings(quote, chain, collateral, terms, out);
    return out;
}

} // namespace teehost::tdx
