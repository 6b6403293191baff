// SPDX-License-Identifier: Apache-2.0
//
// What SEV-SNP costs beyond the hashing and the signature check that cannot be avoided.
#include <cstdlib>
#include <vector>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "bench/ratio.h"
#include "launch/ovmf_digest.h"
#include "report/policy.h"
#include "report/verify.h"
#include "snp_factory/hierarchy.h"
#include "snp_factory/images.h"

namespace {

using namespace teehost;
using namespace teehost::sev_snp;

constexpr int kPairs = 201;
constexpr std::size_t kFirmwareBytes = 2u << 20;

void benchDigest()
{
    const kit::Bytes firmware = snp_factory::OvmfBuilder{.size = kFirmwareBytes}.build();
    const OvmfImage image = OvmfImage::parse(firmware);
    OvmfLaunch one;
    one.cpuSignature = 0xa00f11;
    const auto sha384 = [&] {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned length = 0;
        if (EVP_Digest(firmware.data(), firmware.size(), digest, &length, EVP_sha384(), nullptr) != 1)
            std::abort();
    };
    bench::printRatio(
        "launch digest of 2 MiB of firmware to SHA-384 of it", 1.3, kPairs,
        [&] { static_cast<void>(measureOvmf(image, one)); }, sha384);
    OvmfLaunch many = one;
    many.vcpus = 64;
    bench::printRatio(
        "64 vCPUs to one", 2.0, kPairs, [&] { static_cast<void>(measureOvmf(image, many)); },
        [&] { static_cast<void>(measureOvmf(image, one)); });
}

void benchVerify()
{
    const snp_factory::Hierarchy hierarchy(ProductLine::Milan);
    const snp_factory::ReportTerms terms{.chip = snp_factory::chipId(ProductLine::Milan)};
    const kit::Bytes bytes = snp_factory::makeReport(terms, hierarchy.vekKey);
    const ChainFacts chain = ChainFacts::of(
        {snp_factory::vendor(snp_factory::makeCertificate(hierarchy.vcekTerms(terms.tcb, terms.chip))),
         snp_factory::vendor(hierarchy.ask), snp_factory::vendor(hierarchy.ark)},
        {});
    const std::vector<kit::Sha256Digest> roots{hierarchy.ark.fingerprint()};
    const Policy policy = Policy::parse(R"({"vmpl": 0, "minimum_tcb": {"snp": 20}, "allow_debug": false})");
    const auto digest = kit::sha384(kit::ByteView(bytes).first(kSignedSize));
    // The bare check, the signature already as OpenSSL wants it.
    ECDSA_SIG* signature = ECDSA_SIG_new();
    ECDSA_SIG_set0(signature, BN_lebin2bn(bytes.data() + 0x2a0, 72, nullptr),
                   BN_lebin2bn(bytes.data() + 0x2e8, 72, nullptr));
    unsigned char* der = nullptr;
    const auto length = static_cast<std::size_t>(i2d_ECDSA_SIG(signature, &der));
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(hierarchy.vekKey.get(), nullptr);
    bench::printRatio(
        "verification with its chain known to one P-384 verification", 1.3, kPairs,
        [&] {
            const Report report = Report::parse(bytes);
            if (firstObjection(verifyReport(report, &chain, {snp_factory::kNow, roots})) != nullptr)
                std::abort();
            for (const RuleResult& rule : appraise(report, chain.line, policy))
                if (!rule.kept)
                    std::abort();
        },
        [&] {
            if (EVP_PKEY_verify_init(context) != 1 ||
                EVP_PKEY_verify(context, der, length, digest.data(), digest.size()) != 1)
                std::abort();
        });
    EVP_PKEY_CTX_free(context);
    OPENSSL_free(der);
    ECDSA_SIG_free(signature);
}

} // namespace

int main()
{
    benchDigest();
    benchVerify();
}
