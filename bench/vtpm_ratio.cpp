// SPDX-License-Identifier: Apache-2.0
//
// What predicting PCRs costs beyond hashing each input once, and verifying a quote with its event log beyond
// what cannot be done without: one signature, with its key read, and the hashes.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include <teehost/kit/file.h>

#include "bench/ratio.h"
#include "boot_factory/boot_files.h"
#include "evidence/verify.h"
#include "log/event_log.h"
#include "predict/predict_pcrs.h"
#include "vtpm_factory/soft_tpm.h"
#include "vtpm_predict_factory/boot_files.h"

namespace {

using namespace teehost;
using namespace teehost::vtpm;

constexpr int kPairs = 101;
constexpr std::size_t kKernelBytes = 12u << 20, kInitrdBytes = 8u << 20; // about those of a distribution

/// Files of a boot, away at the end. The firmware is the installed one: another is not predicted.
class Files {
public:
    Files()
        : directory_(std::filesystem::temp_directory_path() / ("vtpm_ratio-" + std::to_string(::getpid())))
    {
        std::filesystem::create_directory(directory_);
        write("kernel", boot_factory::KernelBuilder{.content = std::string(kKernelBytes, 'k')}.build());
        write("initrd", kit::Bytes(kInitrdBytes, 'i'));
    }
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    ~Files() { std::filesystem::remove_all(directory_); }

    [[nodiscard]] std::string path(const std::string& name) const { return (directory_ / name).string(); }

private:
    void write(const std::string& name, const kit::Bytes& bytes) const
    {
        std::ofstream(path(name), std::ios::binary) << kit::textOf(bytes);
    }
    std::filesystem::path directory_;
};

BootInputs inputsOf(const Files& files)
{
    BootInputs out;
    out.firmwareCode = "/usr/share/OVMF/OVMF_CODE_4M.fd";
    out.firmwareVars = "/usr/share/OVMF/OVMF_VARS_4M.fd";
    out.kernel = files.path("kernel");
    out.initrd = files.path("initrd");
    out.cmdline = "console=ttyS0";
    out.machine.shape.memoryBytes = 1u << 30;
    out.qemuVersion = "7.2.22";
    return out;
}

void compare(const char* what, double limit, const BootInputs& inputs)
{
    FirmwareCache cache;
    const auto hashAll = [&] {
        for (const std::string& path :
             {inputs.firmwareCode, inputs.firmwareVars, std::get<std::string>(inputs.kernel),
              std::get<std::string>(inputs.initrd)})
            static_cast<void>(kit::hashFile(path, "input", inputs.banks));
    };
    bench::printRatio(
        what, limit, kPairs,
        [&] {
            const PcrPrediction prediction = predictPcrs(inputs, cache);
            if (!prediction.unpredictable.empty())
                std::abort();
        },
        hashAll);
}

/// Each event into its PCR, its data hashed once, the PCRs and the quote.
void hashWhatIsQuoted(const EventLog& log, const vtpm_factory::Pcrs& pcrs, kit::ByteView attest)
{
    kit::AnyHasher hasher(HashAlgorithm::Sha2_256);
    kit::AnyDigest pcr = kit::AnyDigest::filled(32, 0);
    for (const Event& event : log.events) {
        extendRegister(hasher, pcr, event.digests.front());
        static_cast<void>(hasher.of(event.data));
    }
    for (const auto& [index, value] : pcrs.at(HashAlgorithm::Sha2_256))
        hasher.update(value);
    static_cast<void>(hasher.finish());
    static_cast<void>(hasher.of(attest));
}

void compareVerification(const char* what, vtpm_factory::Scheme scheme)
{
    const vtpm_factory::SoftTpm tpm(scheme);
    const auto events = vtpm_factory::directBoot("console=ttyS0");
    vtpm_factory::QuoteTerms terms;
    terms.pcrs = vtpm_factory::pcrsAfter(events, {HashAlgorithm::Sha2_256});
    const kit::Bytes attest = tpm.attest(terms), signature = tpm.sign(attest);
    vtpm_factory::Message message{
        tpm.akPublic(), {}, vtpm_factory::eventLog(events, {HashAlgorithm::Sha2_256}), {}, {}};
    message.quotes.push_back(
        {attest, signature, HashAlgorithm::Sha2_256, terms.pcrs.at(HashAlgorithm::Sha2_256)});
    const kit::Bytes evidence = vtpm_factory::write(message);
    const EventLog log = EventLog::parse(message.eventLog);
    const Policy policy = Policy::parse(R"({"ak_binding": ["none"]})");
    bench::printRatio(
        what, 1.5, 301,
        [&] {
            const auto verified =
                verifyEvidence(readAttestation(evidence), {.nonce = terms.nonce, .policy = policy});
            if (kit::firstObjection(verified.lines) != nullptr)
                std::abort();
        },
        [&] {
            const TpmKey key = TpmKey::parse(tpm.akPublic());
            if (signatureFault(Attest::parse(attest), TpmSignature::parse(signature), key))
                std::abort();
            hashWhatIsQuoted(log, terms.pcrs, attest);
        });
}

} // namespace

int main()
{
    compareVerification("an ECDSA quote with its event log to signature and hashes",
                        vtpm_factory::Scheme::Ecdsa);
    compareVerification("an RSA quote with its event log to signature and hashes",
                        vtpm_factory::Scheme::RsaPss);
    const Files files;
    BootInputs inputs = inputsOf(files);
    compare("PCRs of one bank to SHA-256 of the inputs", 1.3, inputs);
    inputs.banks = {HashAlgorithm::Sha1, HashAlgorithm::Sha2_256, HashAlgorithm::Sha2_384};
    compare("PCRs of three banks to the three digests of the inputs", 1.3, inputs);
    FirmwareCache warm;
    static_cast<void>(predictPcrs(inputs, warm));
    bench::printRatio(
        "the first prediction of a firmware to the next", 100, 5,
        [&] {
            FirmwareCache cold;
            static_cast<void>(predictPcrs(inputs, cold));
        },
        [&] { static_cast<void>(predictPcrs(inputs, warm)); });
}
