// SPDX-License-Identifier: Apache-2.0
//
// What TDX costs beyond the hashing and the signature checks that cannot be avoided.
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "bench/ratio.h"
#include "tdx/measure/mrtd.h"
#include "tdx/quote/appraisal.h"
#include "tdx/quote/verify.h"
#include "tdx_factory/collateral.h"
#include "tdx_factory/quotes.h"
#include "tdx_measure_factory/tdvf.h"

namespace {

using namespace teehost;
using namespace teehost::tdx;

constexpr int kPairs = 401;
constexpr std::uint32_t kFirmwareBytes = 4u << 20;

/// An image whose code has 4 MiB.
kit::Bytes firmware()
{
    kit::Bytes file = tdx_factory::TdvfBuilder{
        .sections = {{0, kFirmwareBytes, (std::uint64_t{1} << 32) - kFirmwareBytes, kFirmwareBytes, 0, 1},
                     {0, 0, 0x809000, 0x2000, 2,
                      0}}}.build();
    file.insert(file.begin(), kFirmwareBytes - file.size(), 0x5a); // its metadata are found from the end
    return file;
}

void benchMrtd()
{
    const kit::Bytes file = firmware();
    const TdvfImage image = TdvfImage::parse(file);
    const kit::Bytes stream(mrtdBytes(image), 0x5a);
    const auto sha384 = [&] {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
        unsigned length = 0;
        if (EVP_Digest(stream.data(), stream.size(), digest.data(), &length, EVP_sha384(), nullptr) != 1)
            std::abort();
    };
    bench::printRatio(
        "MRTD of 4 MiB of firmware to SHA-384 of as many bytes as it hashes", 1.3, kPairs,
        [&] { static_cast<void>(computeMrtd(image, MrtdOrder::SinglePass)); }, sha384);
    bench::printRatio(
        "MRTD in two passes to one", 1.1, kPairs,
        [&] { static_cast<void>(computeMrtd(image, MrtdOrder::TwoPass)); },
        [&] { static_cast<void>(computeMrtd(image, MrtdOrder::SinglePass)); });
}

/// OpenSSL's bare check of a signature on P-256, key and signature already as it wants them.
class BareVerification {
public:
    BareVerification()
    {
        const kit::Bytes raw = x509_factory::signBytes(kit::viewOf("a message"), key_, 32);
        ECDSA_SIG* signature = ECDSA_SIG_new();
        ECDSA_SIG_set0(signature, BN_bin2bn(raw.data(), 32, nullptr),
                       BN_bin2bn(raw.data() + 32, 32, nullptr));
        unsigned char* der = nullptr;
        const int length = i2d_ECDSA_SIG(signature, &der);
        der_.assign(der, der + length);
        OPENSSL_free(der);
        ECDSA_SIG_free(signature);
    }
    ~BareVerification() { EVP_PKEY_CTX_free(context_); }
    BareVerification(const BareVerification&) = delete;
    BareVerification& operator=(const BareVerification&) = delete;

    void run(int times)
    {
        for (int i = 0; i < times; ++i)
            if (EVP_PKEY_verify_init(context_) != 1 ||
                EVP_PKEY_verify(context_, der_.data(), der_.size(), digest_.data(), digest_.size()) != 1)
                std::abort();
    }

private:
    x509_factory::Key key_ = x509_factory::makeEcKey("P-256");
    EVP_PKEY_CTX* context_ = EVP_PKEY_CTX_new(key_.get(), nullptr);
    kit::Sha256Digest digest_ = kit::sha256(kit::viewOf("a message"));
    kit::Bytes der_;
};

/// Reads an object in DER and checks its signature with OpenSSL alone.
template <auto Read, auto Verify, auto Release>
void checkWithOpenssl(const kit::Bytes& der, const x509_factory::Key& issuer)
{
    const unsigned char* at = der.data();
    auto* object = Read(nullptr, &at, static_cast<long>(der.size()));
    if (object == nullptr || Verify(object, issuer.get()) != 1)
        std::abort();
    Release(object);
}

void expectGood(const Verified& verified, const Quote& quote, const Policy& policy)
{
    if (kit::firstObjection(verified.lines) != nullptr || !verified.tcb)
        std::abort();
    for (const auto& line : appraiseDefaults(quote.body, &*verified.tcb, policy, x509_factory::kNow))
        if (line.outcome != kit::Outcome::Pass)
            std::abort();
    for (const auto& line : appraisePolicy(quote, &*verified.tcb, policy))
        if (line.outcome != kit::Outcome::Pass)
            std::abort();
}

void benchVerification()
{
    using namespace tdx_factory;
    const Hierarchy hierarchy;
    const kit::Certificate pck = makeCertificate(hierarchy.pckTerms());
    const std::string chainPem = chainText(hierarchy, pck);
    const kit::Bytes bytes = makeQuote({}, hierarchy, chainPem);
    const std::string chainOfSigner = pem(hierarchy.signer) + pem(hierarchy.root);
    const std::vector<std::string> texts{signedDocument("tcbInfo", tcbInfo(), hierarchy.signerKey),
                                         signedDocument("enclaveIdentity", qeIdentity(), hierarchy.signerKey),
                                         chainOfSigner, chainOfSigner};
    const std::vector<kit::Bytes> crls{makeCrl(hierarchy.rootCrlTerms()).der(),
                                       makeCrl(hierarchy.pckCrlTerms()).der()};
    const std::vector<Anchor> anchors{Anchor::of(hierarchy.root)};
    const VerifyTerms terms{x509_factory::kNow, anchors};
    const Policy policy = Policy::parse(R"({"minimum_tee_tcb_svn": "05010600000000000000000000000000"})");

    const auto poolOfAll = [&](const PckChain& chain) {
        CollateralPool pool(chain.certificates);
        for (const std::string& text : texts)
            pool.add(kit::viewOf(text));
        for (const kit::Bytes& crl : crls)
            pool.add(crl);
        return pool;
    };
    const auto known = [&](const PckChain& chain) {
        return Collateral::of(poolOfAll(chain), &chain, anchors);
    };
    const PckChain chain = PckChain::of(kit::viewOf(chainPem));
    const Collateral collateral = known(chain);
    BareVerification bare;

    // The quoting enclave's report, and the quote.
    constexpr int kOfQuote = 2;
    bench::printRatio(
        "verification with its collateral known to two P-256 verifications", 1.3, kPairs,
        [&] {
            const Quote quote = Quote::parse(bytes);
            expectGood(verifyQuote(quote, chain, collateral, terms), quote, policy);
        },
        [&] { bare.run(kOfQuote); });

    // These, three certificates of the PCK's chain, two CRLs, who signs collateral, and two documents.
    constexpr int kOfAll = kOfQuote + 3 + 2 + 1 + 2;
    const auto cold = [&] {
        const Quote quote = Quote::parse(bytes);
        const PckChain its = PckChain::of(quote.certificates);
        expectGood(verifyQuote(quote, its, known(its), terms), quote, policy);
    };
    // Measures the same with OpenSSL reading the certificates: each takes twice as long (d2i_X509, for the
    // sake of its key) as checking a signature. The verification reads them without it (kit/vendor_x509.h).
    const kit::Bytes pckDer = pck.der(), issuerDer = hierarchy.issuer.der(), rootDer = hierarchy.root.der(),
                     signerDer = hierarchy.signer.der();
    bench::printRatio(
        "verification of a quote and all its collateral to OpenSSL reading and checking each part", 1.3,
        kPairs, cold, [&] {
            constexpr auto kCertificate = checkWithOpenssl<d2i_X509, X509_verify, X509_free>;
            constexpr auto kCrl = checkWithOpenssl<d2i_X509_CRL, X509_CRL_verify, X509_CRL_free>;
            kCertificate(pckDer, hierarchy.issuerKey);
            kCertificate(issuerDer, hierarchy.rootKey);
            kCertificate(rootDer, hierarchy.rootKey);
            kCertificate(signerDer, hierarchy.rootKey);
            kCrl(crls[0], hierarchy.rootKey);
            kCrl(crls[1], hierarchy.issuerKey);
            bare.run(kOfQuote + 2); // and the two documents
        });
    bench::printRatio("the same to ten P-256 verifications, without reading what they are of", 1.3, kPairs,
                      cold, [&] { bare.run(kOfAll); });
}

} // namespace

int main()
{
    benchMrtd();
    benchVerification();
}
