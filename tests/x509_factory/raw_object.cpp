// SPDX-License-Identifier: Apache-2.0
#include "x509_factory/raw_object.h"

#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/rsa.h>

namespace teehost::x509_factory {
namespace {

/// Bytes of tag and length.
std::size_t headerOf(kit::ByteView der) { return der[1] < 0x80 ? 2 : 2 + (der[1] & 0x7f); }

std::size_t sizeOf(kit::ByteView der)
{
    const std::size_t header = headerOf(der);
    std::size_t length = der[1] < 0x80 ? der[1] : 0;
    for (std::size_t i = 2; i < header; ++i)
        length = length << 8 | der[i];
    return header + length;
}

} // namespace

Bytes element(std::uint8_t tag, kit::ByteView contents)
{
    Bytes out{tag};
    const auto byte = [](std::size_t number) { return static_cast<std::uint8_t>(number); };
    if (contents.size() >= 0x100)
        out.insert(out.end(), {0x82, byte(contents.size() >> 8), byte(contents.size())});
    else if (contents.size() >= 0x80)
        out.insert(out.end(), {0x81, byte(contents.size())});
    else
        out.push_back(byte(contents.size()));
    out.insert(out.end(), contents.begin(), contents.end());
    return out;
}

Bytes joined(const std::vector<Bytes>& pieces)
{
    Bytes out;
    for (const Bytes& piece : pieces)
        out.insert(out.end(), piece.begin(), piece.end());
    return out;
}

std::vector<Bytes> elementsOf(kit::ByteView contents)
{
    std::vector<Bytes> out;
    while (!contents.empty()) {
        const kit::ByteView one = contents.first(sizeOf(contents));
        out.emplace_back(one.begin(), one.end());
        contents = contents.subspan(one.size());
    }
    return out;
}

Bytes contentsOf(kit::ByteView element)
{
    const kit::ByteView contents = element.subspan(headerOf(element));
    return {contents.begin(), contents.end()};
}

RawObject RawObject::of(kit::ByteView der)
{
    const auto parts = elementsOf(contentsOf(der));
    return {elementsOf(contentsOf(parts.at(0))), parts.at(1)};
}

Bytes RawObject::with(const Bytes& tbs, const Bytes& signature) const
{
    return element(0x30, joined({tbs, algorithm, element(0x03, joined({Bytes{0}, signature}))}));
}

Bytes RawObject::signedBy(const Bytes& tbs, const Key& key) const { return with(tbs, signatureOf(tbs, key)); }

Bytes foreignCertificate()
{
    const Key key = makeEcKey("P-256");
    RawObject object = RawObject::of(makeCertificate({"somebody", "somebody", key, key}).der());
    const Bytes text = element(0x0c, kit::viewOf("caf\xc3\xa9"));
    const Bytes attribute = element(0x30, joined({Bytes{6, 3, 0x55, 4, 3}, text}));
    object.fields.at(certificate_field::kSubject) = element(0x30, element(0x31, attribute));
    return object.signedBy(key);
}

std::vector<std::pair<std::string, Bytes>> crlsOutsideTheProfile(const CrlTerms& terms)
{
    CrlTerms revoking = terms;
    revoking.revoked = {7};
    const RawObject plain = RawObject::of(makeCrl(revoking).der());
    RawObject named = plain, endless = plain, longSerial = plain;
    const auto name = [](std::uint8_t type, std::string_view text) {
        const Bytes oid{6, 3, 0x55, 4, type};
        return element(0x31, element(0x30, joined({oid, element(0x0c, kit::viewOf(text))})));
    };
    named.fields.at(crl_field::kIssuer) =
        element(0x30, joined({name(10, "Caf\xc3\xa9 Devices"), name(3, terms.issuer)}));
    endless.fields.erase(endless.fields.begin() + crl_field::kTo);
    const Bytes serial = element(0x02, Bytes(21, 0x11));
    longSerial.fields.at(crl_field::kRevoked) =
        element(0x30, element(0x30, joined({serial, plain.fields.at(crl_field::kFrom)})));
    return {{"a name beyond ASCII", named.signedBy(terms.signer)},
            {"no next CRL", endless.signedBy(terms.signer)},
            {"a serial number of 21 bytes", longSerial.signedBy(terms.signer)}};
}

Bytes signatureOf(kit::ByteView message, const Key& key, int salt)
{
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    EVP_PKEY_CTX* its = nullptr;
    const bool isRsa = EVP_PKEY_is_a(key.get(), "RSA") == 1;
    const bool isShort = !isRsa && EVP_PKEY_get_bits(key.get()) == 256;
    bool done = EVP_DigestSignInit(context.get(), &its, isShort ? EVP_sha256() : EVP_sha384(), nullptr,
                                   key.get()) == 1;
    if (done && isRsa)
        done = EVP_PKEY_CTX_set_rsa_padding(its, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(its, salt) == 1;
    Bytes out(1024);
    std::size_t length = out.size();
    if (!done || EVP_DigestSign(context.get(), out.data(), &length, message.data(), message.size()) != 1)
        throw std::runtime_error("OpenSSL cannot sign a fixture");
    out.resize(length);
    return out;
}

} // namespace teehost::x509_factory
