// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/collateral_pool.h"

#include <algorithm>
#include <string>

#include <teehost/kit/input_error.h>

#include "tdx/quote/pck_chain.h"

namespace teehost::tdx {
namespace {

using kit::InputError;

constexpr std::size_t kMostObjects = 64; // a set has eight certificates at most, and two CRLs
constexpr std::uint8_t kSequence = 0x30; // of DER

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlank(" \t\r\n\0", 5);
    const std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

/// RFC 3986, section 2.1. A plus is a plus: base64 has them, and Intel does not write blanks so.
std::string urlDecoded(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const auto byte = i + 2 < text.size() ? kit::fromHex(text.substr(i + 1, 2)) : std::nullopt;
        if (!byte)
            throw InputError("COLLATERAL", "PEM text in URL encoding has a % without two digits", i);
        out += static_cast<char>(byte->front());
        i += 2;
    }
    return out;
}

} // namespace

void CollateralPool::add(kit::ByteView blob)
{
    const std::string_view text = trimmed(kit::textOf(blob));
    if (text.starts_with('{'))
        return addDocument(text);
    if (text.starts_with("-----BEGIN%20"))
        return addX509(kit::viewOf(urlDecoded(text)));
    if (text.find("-----BEGIN ") != std::string_view::npos)
        return addX509(kit::viewOf(text));
    // Hexadecimal first: its digit 0 is the byte that DER begins with too.
    if (const auto der = kit::fromHex(text); der && !der->empty() && der->front() == kSequence)
        return addX509(*der);
    if (!blob.empty() && blob.front() == kSequence)
        return addX509(blob);
    throw InputError("COLLATERAL",
                     std::to_string(blob.size()) +
                         " bytes of collateral are neither certificates or CRLs, in PEM, DER or "
                         "hexadecimal, nor TCB info or a QE identity with its signature");
}

void CollateralPool::addX509(kit::ByteView blob)
{
    // The chains of both documents are one and the same text, as Intel's service gives them out.
    const kit::Sha256Digest digest = kit::sha256(blob);
    if (std::find(read_.begin(), read_.end(), digest) != read_.end())
        return;
    try {
        kit::VendorObjects objects = kit::readVendorX509(blob, known_);
        for (kit::VendorCertificate& one : objects.certificates)
            addCertificate(std::move(one));
        crls_.insert(crls_.end(), objects.crls.begin(), objects.crls.end());
        others_.insert(others_.end(), objects.others.begin(), objects.others.end());
        unreadCrls_.insert(unreadCrls_.end(), objects.unreadCrls.begin(), objects.unreadCrls.end());
        objects_ += objects.count();
    } catch (const kit::CryptoError& e) {
        throw InputError("COLLATERAL", e.what());
    }
    if (objects_ > kMostObjects)
        throw InputError("COLLATERAL", "more than 64 certificates and CRLs are given");
    read_.push_back(digest); // not before: a text that is refused is refused again
}

/// Issuer chains come twice, and end in a root that the quote brings too.
void CollateralPool::addCertificate(kit::VendorCertificate certificate)
{
    const auto isThere = [&](const std::vector<kit::VendorCertificate>& all) {
        return std::find(all.begin(), all.end(), certificate) != all.end();
    };
    if (isThere(certificates_))
        return;
    if (!isThere(known_))
        known_.push_back(certificate);
    certificates_.push_back(std::move(certificate));
}

void CollateralPool::addDocument(std::string_view text)
{
    SignedJson document = SignedJson::read(text);
    const bool isTcbInfo = document.kind() == SignedJson::Kind::TcbInfo;
    auto& place = isTcbInfo ? tcbInfo_ : qeIdentity_;
    // Which of two would be meant? One that suits the host, if the host may choose.
    if (place && place->text() != document.text())
        throw InputError("COLLATERAL", isTcbInfo ? "two different TCB infos are given"
                                                 : "two different QE identities are given");
    place = std::move(document);
}

std::vector<const kit::VendorCertificate*> CollateralPool::named(std::string_view subject) const
{
    std::vector<const kit::VendorCertificate*> out;
    for (const kit::VendorCertificate& one : certificates_)
        if (one.subjectCommonName() == subject)
            out.push_back(&one);
    return out;
}

} // namespace teehost::tdx
