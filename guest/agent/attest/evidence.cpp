// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/attest/evidence.h"

#include <algorithm>
#include <utility>

#include <openssl/evp.h>

#include "attest.pb.h"
#include "guest/agent/attest/shared_tpm.h"
#include "guest/agent/attest/snp_message.h"
#include "guest/agent/attest/tsm_report.h"
#include "guest/agent/filesystems.h"

namespace teehost::guest {
namespace {

constexpr const char* kEventLog = "/sys/kernel/security/tpm0/binary_bios_measurements";
constexpr const char* kImaAsciiLog = "/sys/kernel/security/ima/ascii_runtime_measurements";
constexpr const char* kImaBinaryLog = "/sys/kernel/security/ima/binary_runtime_measurements";
constexpr std::size_t kMaxEventLog = 1u << 20, kMaxImaLog = 16u << 20;
constexpr std::size_t kVtpmNonce = 32, kTeeNonce = 64;
constexpr const char* kVtpmService = "c476f1eb-0123-45a5-9641-b4e7dde5bfe3"; // AMD 58019
constexpr const char* kManifestVersion = "0";
constexpr tpm::Bank kSha1 = 0x0004;
constexpr std::uint32_t kImaPcr = 10;

std::string padded(const std::string& nonce, std::size_t size)
{
    if (nonce.size() > size)
        throw NoEvidence("a nonce has at most " + std::to_string(size) + " bytes, this has " +
                         std::to_string(nonce.size()));
    std::string out = nonce;
    out.resize(size);
    return out;
}

void addQuote(const tpm::Quote& quote, attest::Attestation& out)
{
    auto& added = *out.add_quotes();
    added.set_quote(quote.attest);
    added.set_raw_sig(quote.signature);
    added.mutable_pcrs()->set_hash(quote.bank);
    for (const auto& [index, value] : quote.pcrs)
        (*added.mutable_pcrs()->mutable_pcrs())[index] = value;
}

attest::Attestation vtpmAttestation(const std::string& nonce)
{
    const std::string extraData = padded(nonce, kVtpmNonce);
    attest::Attestation out;
    sharedTpm().with([&](tpm::Tpm& tpm) {
        out.set_ak_pub(tpm.attestationKey());
        for (const tpm::Bank bank : tpm.banks())
            addQuote(tpm.quote(extraData, bank), out);
    });
    try {
        out.set_event_log(readKernelFile(kEventLog, kMaxEventLog));
    } catch (const std::exception&) {
        // A firmware that measures nothing leaves no log; what that is worth is for the verifier.
    }
    return out;
}

/// Through the SVSM, whose report binds the endorsement key (AMD 58019, section 7).
std::string svsmEvidence(const TsmReport& report, const std::string& teeNonce, attest::Attestation quotes)
{
    report.set("service_provider", "svsm");
    report.set("service_guid", kVtpmService);
    report.set("service_manifest_version", kManifestVersion);
    report.set("inblob", teeNonce);
    attest::SevSnpSvsmAttestation out;
    *out.mutable_attestation() = std::move(quotes);
    *out.mutable_sev_snp_attestation() = snpMessage(report.get("outblob"), report.getIfAny("auxblob"));
    out.set_vtpm_service_manifest(report.get("manifestblob"));
    out.set_vtpm_service_manifest_version(kManifestVersion);
    return out.SerializeAsString();
}

std::string sha3(const std::string& bytes)
{
    std::string out(kTeeNonce, '\0');
    if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr,
                   EVP_sha3_512(), nullptr) != 1)
        throw std::runtime_error("OpenSSL has no SHA3-512");
    return out;
}

} // namespace

std::string vtpmEvidence(const std::string& nonce) { return vtpmAttestation(nonce).SerializeAsString(); }

std::string snpVtpmEvidence(const std::string& teeNonce, const std::string& vtpmNonce)
{
    const std::string data = padded(teeNonce, kTeeNonce);
    const TsmReport report;
    report.requireProvider(kSnpDriver);
    attest::Attestation quotes = vtpmAttestation(vtpmNonce);
    if (report.has("service_provider")) // the driver has it where the kernel is not at VMPL 0
        return svsmEvidence(report, data, std::move(quotes));
    report.set("inblob", sha3(data + quotes.ak_pub()));
    *quotes.mutable_sev_snp_attestation() = snpMessage(report.get("outblob"), report.getIfAny("auxblob"));
    return quotes.SerializeAsString();
}

std::string teeEvidence(const std::string& nonce, const std::string& provider)
{
    const std::string data = padded(nonce, kTeeNonce);
    const TsmReport report;
    report.requireProvider(provider);
    report.set("inblob", data);
    std::string evidence = report.get("outblob");
    return evidence + report.getIfAny("auxblob"); // not every TEE has certificates to go with a report
}

ImaEvidence imaEvidence(ImaForm form)
{
    ImaEvidence out;
    try {
        out.log = readKernelFile(form == ImaForm::Binary ? kImaBinaryLog : kImaAsciiLog, kMaxImaLog);
    } catch (const std::exception& e) {
        throw NoEvidence(std::string("this kernel keeps no IMA log: ") + e.what());
    }
    if (out.log.empty())
        throw NoEvidence("this kernel's IMA has measured nothing");
    sharedTpm().with([&](tpm::Tpm& tpm) {
        const auto banks = tpm.banks();
        if (banks.empty())
            throw tpm::TpmError("the TPM has no PCR bank");
        const bool hasSha1 = std::find(banks.begin(), banks.end(), kSha1) != banks.end();
        out.pcr10 = tpm.readPcrs(hasSha1 ? kSha1 : banks.front())[kImaPcr];
    });
    return out;
}

} // namespace teehost::guest
