// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/pck_chain.h"

#include <algorithm>
#include <span>

#include <teehost/kit/input_error.h>

namespace teehost::tdx {
namespace {

using kit::Fault, kit::InputError;

constexpr std::size_t kChainLength = 3;

InputError notPem(const std::string& what)
{
    return {"CHAIN_FORMAT", "the chain of the PCK certificate is not PEM: " + what};
}

/// Takes a line end, LF or CR LF; false when there is none.
bool skipLineEnd(std::string_view& text)
{
    if (text.starts_with("\r\n"))
        text.remove_prefix(2);
    else if (text.starts_with('\n'))
        text.remove_prefix(1);
    else
        return false;
    return true;
}

/// Takes one block with the line ends behind it.
kit::Bytes readBlock(std::string_view& text)
{
    constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----", kEnd = "-----END CERTIFICATE-----";
    if (!text.starts_with(kBegin))
        throw notPem("a certificate does not begin where one must");
    text.remove_prefix(kBegin.size());
    std::string base64;
    base64.reserve(text.size());
    while (skipLineEnd(text) && !text.starts_with('-')) {
        const auto isLineEnd = [](char c) { return c == '\r' || c == '\n'; };
        const auto end = std::find_if(text.begin(), text.end(), isLineEnd);
        const std::size_t line =
            end == text.end() ? std::string_view::npos : static_cast<std::size_t>(end - text.begin());
        if (line == 0 || line == std::string_view::npos)
            throw notPem("a line of a certificate is empty or does not end");
        base64 += text.substr(0, line);
        text.remove_prefix(line);
    }
    if (!text.starts_with(kEnd))
        throw notPem("a certificate does not end where it must");
    text.remove_prefix(kEnd.size());
    while (skipLineEnd(text)) {
    }
    auto der = kit::fromBase64(base64);
    if (!der || der->empty())
        throw notPem("a certificate is not in base64");
    return *std::move(der);
}

std::vector<kit::VendorCertificate> readCertificates(kit::ByteView pem)
{
    std::vector<kit::VendorCertificate> chain;
    for (const kit::Bytes& der : readPemChain(pem)) {
        try {
            chain.push_back(kit::VendorCertificate::fromDer(der));
        } catch (const kit::CryptoError& e) {
            throw InputError("CHAIN_FORMAT", "certificate " + std::to_string(chain.size() + 1) +
                                                 " of the PCK certificate's chain: " + e.what());
        }
    }
    return chain;
}

std::optional<Fault> nameFault(const PckChain& chain)
{
    const auto wrong = [](const char* what, const std::string& name) {
        return Fault{"LEAF_CN", std::string("the ") + what + " of the PCK certificate's chain is of \"" +
                                    kit::shownText(name) + "\""};
    };
    if (const auto name = chain.pck().subjectCommonName(); name != subject::kPck)
        return wrong("leaf", name);
    if (const auto name = chain.issuer().subjectCommonName();
        name != subject::kPlatformCa && name != subject::kProcessorCa)
        return wrong("intermediate certificate", name);
    if (const auto name = chain.root().subjectCommonName(); name != subject::kRoot)
        return wrong("root", name);
    return std::nullopt;
}

} // namespace

std::vector<kit::Bytes> readPemChain(kit::ByteView bytes)
{
    std::string_view text = kit::textOf(bytes);
    while (text.ends_with('\0'))
        text.remove_suffix(1);
    std::vector<kit::Bytes> chain;
    while (!text.empty() && chain.size() <= kChainLength)
        chain.push_back(readBlock(text));
    if (chain.size() != kChainLength)
        throw InputError("CHAIN_LEN",
                         "the chain of the PCK certificate has " +
                             std::string(chain.size() > kChainLength ? "more than " : "") +
                             std::to_string(std::min(chain.size(), kChainLength)) +
                             " certificates; PCK certificate, its issuer and the root are three");
    return chain;
}

std::optional<Fault> chainFault(const std::vector<kit::VendorCertificate>& chain)
{
    for (const kit::VendorCertificate& one : chain)
        if (!one.hasEcdsaSha256Signature() || !one.keyOn(kit::Curve::P256))
            return Fault{"CHAIN_SIG", "the certificate of " + kit::shownText(one.subjectCommonName()) +
                                          " is not signed with ECDSA and SHA-256, or its key not on P-256"};
    const auto issuers = std::span(chain).subspan(1);
    const auto mayIssue = [](const kit::VendorCertificate& one) { return one.mayIssue(); };
    const auto notCa = std::find_if_not(issuers.begin(), issuers.end(), mayIssue);
    std::vector<kit::Sha256Digest> selfSigned; // as Intel's roots are known to be
    for (const Anchor& root : intelRoots())
        selfSigned.push_back(root.certificate);
    const auto fault =
        kit::chainFault(chain.front(), issuers.first(issuers.size() - 1), chain.back(), selfSigned);
    if (!fault && notCa == issuers.end())
        return std::nullopt;
    // Which of both it is: a signature or name that is wrong comes first.
    for (std::size_t i = 0; i < chain.size(); ++i)
        if (const auto& issuer = chain[std::min(i + 1, chain.size() - 1)]; !chain[i].isIssuedBy(issuer))
            return Fault{"CHAIN_SIG", "the certificate of " + kit::shownText(chain[i].subjectCommonName()) +
                                          " is not signed by " + kit::shownText(issuer.subjectCommonName())};
    if (notCa != issuers.end())
        return Fault{"NOT_CA", "the certificate of " + kit::shownText(notCa->subjectCommonName()) +
                                   " may not sign certificates"};
    return Fault{"CHAIN_SIG", "the certificates do not make a chain: " + *fault};
}

NamedValidity validityOf(const kit::VendorCertificate& certificate)
{
    return {kit::shownText(certificate.subjectCommonName()), certificate.validity()};
}

PckChain PckChain::of(kit::ByteView pem)
{
    PckChain out;
    try {
        out.certificates = readCertificates(pem);
        out.format = nameFault(out);
        if (!out.format)
            out.extension = PckExtension::of(out.pck());
    } catch (const InputError& e) {
        out.format = Fault{e.reason(), e.what()};
    }
    if (!out.isWhole())
        return out;
    out.signatures = chainFault(out.certificates);
    out.rootId = Anchor::of(out.root());
    for (const kit::VendorCertificate& one : out.certificates)
        out.validity.push_back(validityOf(one));
    out.key = out.pck().keyOn(kit::Curve::P256);
    return out;
}

} // namespace teehost::tdx
