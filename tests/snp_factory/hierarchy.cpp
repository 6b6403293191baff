// SPDX-License-Identifier: Apache-2.0
#include "snp_factory/hierarchy.h"

#include <algorithm>
#include <stdexcept>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <teehost/kit/digest.h>

namespace teehost::snp_factory {
namespace {

void expect(bool done)
{
    if (!done)
        throw std::runtime_error("OpenSSL cannot make a fixture");
}

template <class T, class Free>
std::unique_ptr<T, Free> owned(T* object, Free release)
{
    expect(object != nullptr);
    return {object, release};
}

void setName(X509_NAME* name, const std::string& common)
{
    const auto add = [name](const char* field, const std::string& text) {
        expect(X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC,
                                          reinterpret_cast<const unsigned char*>(text.data()),
                                          static_cast<int>(text.size()), -1, 0) == 1);
    };
    add("OU", "Engineering");
    add("C", "US");
    add("L", "Santa Clara");
    add("ST", "CA");
    add("O", "Advanced Micro Devices");
    add("CN", common);
}

/// A signing context for X509_sign_ctx: RSASSA-PSS with SHA-384 and a salt as long as the digest, or PKCS #1.
auto signingContext(const Key& signer, bool pss)
{
    auto context = owned(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    EVP_PKEY_CTX* key = nullptr;
    expect(EVP_DigestSignInit(context.get(), &key, EVP_sha384(), nullptr, signer.get()) == 1);
    if (pss && EVP_PKEY_is_a(signer.get(), "RSA") == 1) {
        expect(EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) == 1);
        expect(EVP_PKEY_CTX_set_rsa_mgf1_md(key, EVP_sha384()) == 1);
        expect(EVP_PKEY_CTX_set_rsa_pss_saltlen(key, 48) == 1);
    }
    return context;
}

void addExtension(X509* x509, const Extension& extension)
{
    const auto oid = owned(OBJ_txt2obj(extension.oid.c_str(), 1), &ASN1_OBJECT_free);
    const auto data = owned(ASN1_OCTET_STRING_new(), &ASN1_OCTET_STRING_free);
    expect(ASN1_OCTET_STRING_set(data.get(), extension.value.data(),
                                 static_cast<int>(extension.value.size())) == 1);
    const auto made =
        owned(X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 0, data.get()), &X509_EXTENSION_free);
    expect(X509_add_ext(x509, made.get(), -1) == 1);
}

void addCaExtensions(X509* x509)
{
    for (const auto& [nid, value] : {std::pair(NID_basic_constraints, "critical,CA:TRUE"),
                                     std::pair(NID_key_usage, "critical,keyCertSign,cRLSign")}) {
        const auto made = owned(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value), &X509_EXTENSION_free);
        expect(X509_add_ext(x509, made.get(), -1) == 1);
    }
}

CertificateTerms issuerTerms(const std::string& subject, const std::string& issuer, Key key, Key signer,
                             std::uint64_t serial)
{
    return {subject,
            issuer,
            std::move(key),
            std::move(signer),
            /*isCa=*/true,
            /*pss=*/true,
            serial,
            {kNow - 5 * kYear, kNow + 20 * kYear},
            {}};
}

std::string nameText(ProductLine line) { return std::string(sev_snp::nameOf(line)); }

} // namespace

Key makeRsaKey() { return Key(EVP_RSA_gen(2048), EVP_PKEY_free); }
Key makeEcKey(const char* curve) { return Key(EVP_EC_gen(curve), EVP_PKEY_free); }

kit::Certificate makeCertificate(const CertificateTerms& terms)
{
    const auto x509 = owned(X509_new(), &X509_free);
    expect(X509_set_version(x509.get(), 2) == 1);
    expect(ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509.get()), terms.serial) == 1);
    setName(X509_get_subject_name(x509.get()), terms.subject);
    setName(X509_get_issuer_name(x509.get()), terms.issuer);
    ASN1_TIME_set(X509_getm_notBefore(x509.get()), terms.validity.from);
    ASN1_TIME_set(X509_getm_notAfter(x509.get()), terms.validity.to);
    expect(X509_set_pubkey(x509.get(), terms.key.get()) == 1);
    if (terms.isCa)
        addCaExtensions(x509.get());
    for (const Extension& extension : terms.extensions)
        addExtension(x509.get(), extension);
    expect(X509_sign_ctx(x509.get(), signingContext(terms.signer, terms.pss).get()) > 0);
    unsigned char* der = nullptr;
    const int length = i2d_X509(x509.get(), &der);
    expect(length > 0);
    const Bytes bytes(der, der + length);
    OPENSSL_free(der);
    return kit::Certificate::fromDer(bytes);
}

kit::Crl makeCrl(const CrlTerms& terms)
{
    const auto crl = owned(X509_CRL_new(), &X509_CRL_free);
    expect(X509_CRL_set_version(crl.get(), 1) == 1);
    const auto name = owned(X509_NAME_new(), &X509_NAME_free);
    setName(name.get(), terms.issuer);
    expect(X509_CRL_set_issuer_name(crl.get(), name.get()) == 1);
    const auto from = owned(ASN1_TIME_set(nullptr, terms.validity.from), &ASN1_TIME_free);
    const auto to = owned(ASN1_TIME_set(nullptr, terms.validity.to), &ASN1_TIME_free);
    expect(X509_CRL_set1_lastUpdate(crl.get(), from.get()) == 1 &&
           X509_CRL_set1_nextUpdate(crl.get(), to.get()) == 1);
    for (const std::uint64_t serial : terms.revoked) {
        X509_REVOKED* entry = X509_REVOKED_new();
        const auto number = owned(ASN1_INTEGER_new(), &ASN1_INTEGER_free);
        expect(ASN1_INTEGER_set_uint64(number.get(), serial) == 1);
        expect(X509_REVOKED_set_serialNumber(entry, number.get()) == 1 &&
               X509_REVOKED_set_revocationDate(entry, from.get()) == 1 &&
               X509_CRL_add0_revoked(crl.get(), entry) == 1);
    }
    if (terms.criticalExtension) {
        const auto made =
            owned(X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "critical,DNS:example.org"),
                  &X509_EXTENSION_free);
        expect(X509_CRL_add_ext(crl.get(), made.get(), -1) == 1);
    }
    X509_CRL_sort(crl.get());
    expect(X509_CRL_sign_ctx(crl.get(), signingContext(terms.signer, /*pss=*/true).get()) > 0);
    unsigned char* der = nullptr;
    const int length = i2d_X509_CRL(crl.get(), &der);
    expect(length > 0);
    const Bytes bytes(der, der + length);
    OPENSSL_free(der);
    return kit::Crl::fromDer(bytes);
}

Bytes derInteger(std::uint8_t number)
{
    return number < 0x80 ? Bytes{0x02, 0x01, number} : Bytes{0x02, 0x02, 0x00, number};
}

Bytes derIa5String(const std::string& text)
{
    Bytes out{0x16, static_cast<std::uint8_t>(text.size())};
    out.insert(out.end(), text.begin(), text.end());
    return out;
}

Hierarchy::Hierarchy(ProductLine its)
    : line(its), arkKey(makeRsaKey()), askKey(makeRsaKey()), asvkKey(makeRsaKey()), vekKey(makeEcKey()),
      arkTerms(issuerTerms("ARK-" + nameText(its), "ARK-" + nameText(its), arkKey, arkKey, 0x10000)),
      askTerms(issuerTerms("SEV-" + nameText(its), "ARK-" + nameText(its), askKey, arkKey, 0x10001)),
      asvkTerms(issuerTerms("SEV-VLEK-" + nameText(its), "ARK-" + nameText(its), asvkKey, arkKey, 0x10002)),
      ark(makeCertificate(arkTerms)), ask(makeCertificate(askTerms)), asvk(makeCertificate(asvkTerms))
{
}

namespace {

std::vector<Extension> tcbExtensions(ProductLine line, const Tcb& tcb, const std::string& product)
{
    const std::string prefix = "1.3.6.1.4.1.3704.1.";
    std::vector<Extension> out{{prefix + "1", derInteger(line == ProductLine::Turin ? 1 : 0)},
                               {prefix + "2", derIa5String(product)},
                               {prefix + "3.1", derInteger(tcb.bootLoader)},
                               {prefix + "3.2", derInteger(tcb.tee)},
                               {prefix + "3.3", derInteger(tcb.snp)},
                               {prefix + "3.8", derInteger(tcb.microcode)}};
    if (line == ProductLine::Turin)
        out.push_back({prefix + "3.9", derInteger(tcb.fmc)});
    return out;
}

} // namespace

CertificateTerms Hierarchy::vcekTerms(const Tcb& tcb, const std::array<std::uint8_t, 64>& chip) const
{
    CertificateTerms terms{"SEV-VCEK", "SEV-" + nameText(line), vekKey, askKey};
    terms.extensions = tcbExtensions(line, tcb, line == ProductLine::Milan ? "Milan-B0" : nameText(line));
    const std::size_t size = line == ProductLine::Turin ? 8 : 64;
    terms.extensions.push_back(
        {"1.3.6.1.4.1.3704.1.4", Bytes(chip.begin(), chip.begin() + static_cast<std::ptrdiff_t>(size))});
    return terms;
}

CertificateTerms Hierarchy::vlekTerms(const Tcb& tcb) const
{
    CertificateTerms terms{"SEV-VLEK", "SEV-VLEK-" + nameText(line), vekKey, asvkKey};
    terms.extensions = tcbExtensions(line, tcb, nameText(line));
    terms.extensions.push_back({"1.3.6.1.4.1.3704.1.5", derIa5String("CN=cloud.example")});
    return terms;
}

CrlTerms Hierarchy::crlTerms() const { return {"ARK-" + nameText(line), arkKey}; }

std::array<std::uint8_t, 64> chipId(ProductLine line)
{
    std::array<std::uint8_t, 64> chip{};
    const std::size_t size = line == ProductLine::Turin ? 8 : 64;
    for (std::size_t i = 0; i < size; ++i)
        chip[i] = static_cast<std::uint8_t>(0x04 + 7 * i);
    return chip;
}

namespace {

void put(Bytes& report, std::size_t offset, std::uint64_t number, std::size_t size)
{
    for (std::size_t i = 0; i < size; ++i)
        report[offset + i] = static_cast<std::uint8_t>(number >> (8 * i));
}

void fill(Bytes& report, std::size_t offset, std::size_t size, std::uint8_t seed)
{
    for (std::size_t i = 0; i < size; ++i)
        report[offset + i] = static_cast<std::uint8_t>(seed + 3 * i);
}

template <class Array>
void copyTo(Bytes& report, std::size_t offset, const Array& bytes)
{
    std::copy(bytes.begin(), bytes.end(), report.begin() + static_cast<std::ptrdiff_t>(offset));
}

} // namespace

Bytes makeReport(const ReportTerms& terms, const Key& key)
{
    Bytes report(sev_snp::kReportSize);
    const auto tcb = terms.tcb.encode(terms.line);
    put(report, 0x000, terms.version, 4);
    put(report, 0x004, 7, 4);
    put(report, 0x008, terms.policy, 8);
    put(report, 0x034, 1, 4);
    put(report, 0x040, 0x25, 8);
    put(report, 0x048, terms.keyInfo, 4);
    fill(report, 0x050, 64, 0x11);
    fill(report, 0x090, 48, 0x22);
    fill(report, 0x0c0, 32, 0x33);
    fill(report, 0x140, 32, 0x44);
    std::fill_n(report.begin() + 0x160, 32, std::uint8_t{0xff});
    for (const std::size_t at : {0x038u, 0x180u, 0x1e0u, 0x1f0u})
        copyTo(report, at, tcb);
    if (terms.version >= 3) {
        const std::array<std::uint8_t, 3> cpuid =
            terms.line == ProductLine::Turin   ? std::array<std::uint8_t, 3>{0x1a, 0x02, 1}
            : terms.line == ProductLine::Genoa ? std::array<std::uint8_t, 3>{0x19, 0x11, 1}
                                               : std::array<std::uint8_t, 3>{0x19, 0x01, 1};
        copyTo(report, 0x188, cpuid);
    }
    copyTo(report, 0x1a0, terms.chip);
    for (const std::size_t at : {0x1e8u, 0x1ecu})
        copyTo(report, at, std::array<std::uint8_t, 3>{29, 55, 1});
    if (terms.change)
        terms.change(report);
    signReport(report, key);
    return report;
}

void signReport(Bytes& report, const Key& key)
{
    const auto digest = kit::sha384(kit::ByteView(report).first(sev_snp::kSignedSize));
    const auto context = owned(EVP_PKEY_CTX_new(key.get(), nullptr), &EVP_PKEY_CTX_free);
    std::array<unsigned char, 256> der{};
    std::size_t length = der.size();
    expect(EVP_PKEY_sign_init(context.get()) == 1 &&
           EVP_PKEY_sign(context.get(), der.data(), &length, digest.data(), digest.size()) == 1);
    const unsigned char* at = der.data();
    const auto signature = owned(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(length)), &ECDSA_SIG_free);
    std::fill(report.begin() + sev_snp::kSignedSize, report.end(), std::uint8_t{0});
    expect(BN_bn2lebinpad(ECDSA_SIG_get0_r(signature.get()), report.data() + 0x2a0, 72) == 72);
    expect(BN_bn2lebinpad(ECDSA_SIG_get0_s(signature.get()), report.data() + 0x2e8, 72) == 72);
}

} // namespace teehost::snp_factory
