// SPDX-License-Identifier: Apache-2.0
#include "tdx_factory/hierarchy.h"

namespace teehost::tdx_factory {
namespace {

constexpr std::uint8_t kSequence = 0x30, kOid = 0x06, kOctets = 0x04, kEnumerated = 0x0a;

void append(Bytes& out, kit::ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

CertificateTerms terms(const std::string& subject, const std::string& issuer, Key key, Key signer, bool is_ca,
                       std::uint64_t serial)
{
    return {subject, issuer, std::move(key), std::move(signer), is_ca, /*pss=*/true, serial};
}

} // namespace

Bytes der(std::uint8_t tag, kit::ByteView content)
{
    Bytes out{tag};
    if (content.size() >= 0x100)
        append(out, Bytes{0x82, static_cast<std::uint8_t>(content.size() >> 8),
                          static_cast<std::uint8_t>(content.size())});
    else if (content.size() >= 0x80)
        append(out, Bytes{0x81, static_cast<std::uint8_t>(content.size())});
    else
        out.push_back(static_cast<std::uint8_t>(content.size()));
    append(out, content);
    return out;
}

Bytes derNumber(std::uint64_t number)
{
    Bytes digits;
    do {
        digits.insert(digits.begin(), static_cast<std::uint8_t>(number));
        number >>= 8;
    } while (number != 0);
    if (digits.front() >= 0x80)
        digits.insert(digits.begin(), 0);
    return der(0x02, digits);
}

Bytes derPair(const std::vector<std::uint8_t>& rest, kit::ByteView value)
{
    Bytes oid{0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01}; // 1.2.840.113741.1.13.1
    append(oid, rest);
    Bytes pair = der(kOid, oid);
    append(pair, value);
    return der(kSequence, pair);
}

std::vector<Bytes> pckPairs(const Platform& platform)
{
    Bytes tcb;
    for (std::uint8_t i = 0; i < platform.components.size(); ++i)
        append(tcb, derPair({2, static_cast<std::uint8_t>(i + 1)}, derNumber(platform.components[i])));
    append(tcb, derPair({2, 17}, derNumber(platform.pceSvn)));
    append(tcb, derPair({2, 18}, der(kOctets, platform.components)));
    const Bytes ppid(16, 0x50), instance(16, 0x60);
    return {derPair({1}, der(kOctets, ppid)),           derPair({2}, der(kSequence, tcb)),
            derPair({3}, der(kOctets, platform.pceId)), derPair({4}, der(kOctets, platform.fmspc)),
            derPair({5}, der(kEnumerated, Bytes{1})),   derPair({6}, der(kOctets, instance))};
}

Bytes derOf(const std::vector<Bytes>& pairs)
{
    Bytes content;
    for (const Bytes& pair : pairs)
        append(content, pair);
    return der(kSequence, content);
}

Bytes pckExtension(const Platform& platform) { return derOf(pckPairs(platform)); }

Hierarchy::Hierarchy()
    : rootKey(makeEcKey("P-256")), issuerKey(makeEcKey("P-256")), pckKey(makeEcKey("P-256")),
      signerKey(makeEcKey("P-256")), attestationKey(makeEcKey("P-256")),
      rootTerms(terms("Intel SGX Root CA", "Intel SGX Root CA", rootKey, rootKey, true, 1)),
      issuerTerms(terms("Intel SGX PCK Platform CA", "Intel SGX Root CA", issuerKey, rootKey, true, 2)),
      signerTerms(terms("Intel SGX TCB Signing", "Intel SGX Root CA", signerKey, rootKey, false, 3)),
      root(makeCertificate(rootTerms)), issuer(makeCertificate(issuerTerms)),
      signer(makeCertificate(signerTerms))
{
}

CertificateTerms Hierarchy::pckTerms(const Platform& platform) const
{
    CertificateTerms out =
        terms("Intel SGX PCK Certificate", issuerTerms.subject, pckKey, issuerKey, false, 0x1000);
    out.extensions.push_back({"1.2.840.113741.1.13.1", pckExtension(platform)});
    return out;
}

CrlTerms Hierarchy::rootCrlTerms() const { return {rootTerms.subject, rootKey}; }
CrlTerms Hierarchy::pckCrlTerms() const { return {issuerTerms.subject, issuerKey}; }

} // namespace teehost::tdx_factory
