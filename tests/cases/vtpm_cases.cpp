// SPDX-License-Identifier: Apache-2.0
//
// Kinds of the vTPM vectors: eventlog, measured-boot, tpm-quote, attest-protobuf, ima-log, certificate,
// ek-certificate, certify-creation.
#include <algorithm>
#include <map>

#include <teehost/kit/input_error.h>

#include "cases/case.h"
#include "evidence/evidence.h"
#include "log/event_log.h"
#include "log/ima_log.h"
#include "quote/certification.h"

namespace teehost::cases {
namespace {

using namespace vtpm;

constexpr std::uint32_t kFirmwarePcrs = 10; // 0 to 9: what firmware and boot loader measure

/// The vectors' words for the parsers' and checks' own.
std::string wordOf(std::string_view reason)
{
    if (reason.ends_with("malformed") || reason == "key")
        return "MALFORMED";
    if (reason.starts_with("replay"))
        return "REPLAY_MISMATCH";
    if (reason == "signature_algorithm")
        return "SIGNATURE";
    if (reason == "pcr_values") // there is none for a PCR that is quoted
        return "PCR_DIGEST";
    std::string word(reason);
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::toupper(c); });
    return word;
}

Outcome refusedFor(std::string_view reason, const std::string& message)
{
    return refused(wordOf(reason), message);
}

std::optional<kit::Bytes> nonceOf(const Case& item)
{
    if (!item.has("nonce"))
        return std::nullopt;
    auto nonce = kit::fromHex(item.text("nonce"));
    if (!nonce)
        throw NotUnderstood("the nonce is not hexadecimal");
    return nonce;
}

std::vector<PcrValue> pcrsOf(const Case& item)
{
    const Bytes file = item.roleFile("pcrs");
    return readPcrTable(kit::textOf(file));
}

const PcrValue* find(const std::vector<PcrValue>& values, HashAlgorithm bank, std::uint32_t pcr)
{
    const auto it = std::find_if(values.begin(), values.end(),
                                 [&](const auto& one) { return one.bank == bank && one.pcr == pcr; });
    return it == values.end() ? nullptr : &*it;
}

std::vector<HashAlgorithm> banksOf(const EventLog& log)
{
    std::vector<HashAlgorithm> banks;
    for (const auto& bank : log.banks)
        if (const auto known = hashOf(bank.algId))
            banks.push_back(*known);
    return banks;
}

/// The PCRs that the log extends come out as they are recorded, in each bank it has.
std::optional<std::string> replayFault(const EventLog& log, const std::vector<PcrValue>& values)
{
    for (const HashAlgorithm bank : banksOf(log)) {
        const Replay replayed = replay(log, bank);
        for (std::uint32_t pcr = 0; pcr < kFirmwarePcrs; ++pcr)
            if (const auto* value = find(values, bank, pcr);
                value != nullptr && !kit::equal(value->value.view(), replayed.values[pcr].view()))
                return "PCR " + std::to_string(pcr) + " of " + std::string(kit::nameOf(bank)) +
                       " replays to " + kit::toHex(replayed.values[pcr].view());
    }
    return std::nullopt;
}

Json replayJson(const EventLog& log, HashAlgorithm bank)
{
    const Replay replayed = replay(log, bank);
    Json out;
    for (std::uint32_t pcr = 0; pcr < kPcrs; ++pcr)
        out[std::to_string(pcr)] =
            replayed.extended[pcr] ? kit::toHex(replayed.values[pcr].view()) : std::string();
    return out;
}

Outcome runEventLog(const Case& item)
{
    const Bytes file = item.roleFile("eventlog");
    const EventLog log = EventLog::parse(file);
    // The vectors count the header of a crypto-agile log, which is shaped like an event.
    Json values{{"events", log.events.size() + (log.cryptoAgile ? 1 : 0)}, {"crypto_agile", log.cryptoAgile}};
    for (const char* name : {"sha1", "sha256", "sha384", "sha512"}) {
        const auto bank = bankNamed(name);
        values["replay_" + std::string(name)] = bank && log.indexOf(*bank) ? replayJson(log, *bank) : Json();
    }
    if (item.hasRole("pcrs") && item.roleFile("pcrs") != file)
        if (const auto fault = replayFault(log, pcrsOf(item)))
            return refusedFor("replay_mismatch", *fault);
    return {true, {}, {}, values};
}

Json eventDigests(const EventLog& log, HashAlgorithm bank, std::uint32_t pcr,
                  std::optional<std::uint32_t> type)
{
    Json out = Json::array();
    if (const auto index = log.indexOf(bank))
        for (const Event& event : log.events)
            if (event.extends() && event.reg == pcr && (!type || event.type == *type))
                out.push_back(kit::toHex(event.digests[*index]));
    return out;
}

/// What the recorded log says of the boot, in the words of `expect`.
Json bootOf(const EventLog& log)
{
    Json out, pcrs, kernel;
    for (const HashAlgorithm bank : banksOf(log)) {
        const std::string name(kit::nameOf(bank));
        const Replay replayed = replay(log, bank);
        for (std::uint32_t pcr = 0; pcr < kPcrs; ++pcr)
            pcrs[std::to_string(pcr)] = kit::toHex(replayed.values[pcr].view());
        out["pcrs_" + name] = pcrs;
        out["pcr9_events_" + name] = eventDigests(log, bank, 9, std::nullopt);
        out["pcr0_fv_events_" + name] = eventDigests(log, bank, 0, event_type::kFirmwareBlob);
        const Json images = eventDigests(log, bank, 4, event_type::kBootApplication);
        out["kernel_measured"] = images.size() == 1;
        if (images.size() == 1)
            kernel[name] = images.front();
    }
    if (!kernel.is_null())
        out["pcr4_kernel_event"] = kernel;
    return out;
}

Outcome runMeasuredBoot(const Case& item, const Predict& predict)
{
    const Bytes file = item.roleFile("eventlog");
    const EventLog log = EventLog::parse(file);
    Json values = bootOf(log);
    const auto fault = replayFault(log, pcrsOf(item));
    values["replay_matches_pcrs_0_9"] = !fault;
    // Where both say something, the prediction counts: that the log says it too is known from the recording.
    values.update(predict(item), /*merge_objects=*/true);
    return {true, {}, {}, values};
}

std::optional<Fault> selectionFault(const Case& item, const Attest& attest)
{
    if (!item.has("selection"))
        return std::nullopt;
    std::map<std::string, std::uint32_t> wanted, actual;
    for (const auto& [bank, list] : item.input("selection").items())
        for (const Json& pcr : list)
            wanted[bank] |= 1u << pcr.get<unsigned>();
    for (const PcrSelection& one : attest.selections)
        if (const auto bank = hashOf(one.algId); bank && one.bits != 0)
            actual[std::string(kit::nameOf(*bank))] |= one.bits;
    if (wanted == actual)
        return std::nullopt;
    return Fault{"pcr_selection", "other PCRs are quoted than were asked for"};
}

/// The first fault in the order of the checks.
std::optional<Fault> quoteFault(const Case& item, const QuoteParts& parts, const TpmKey& key)
{
    const Attest attest = Attest::parse(parts.attest);
    if (auto fault = akFault(key))
        return fault;
    const TpmSignature signature = TpmSignature::parse(parts.signature);
    if (auto fault = signatureFault(attest, signature, key))
        return fault;
    if (const auto nonce = nonceOf(item))
        if (auto fault = nonceFault(attest, *nonce))
            return fault;
    if (auto fault = pcrDigestFault(attest, signature.hash, parts.pcrs))
        return fault;
    return selectionFault(item, attest);
}

Outcome runQuote(const Case& item)
{
    const Bytes attest = item.roleFile("attest"), signature = item.roleFile("signature"),
                key = item.roleFile("ak_public");
    const QuoteParts parts{attest, signature, item.hasRole("pcrs") ? pcrsOf(item) : std::vector<PcrValue>()};
    if (const auto fault = quoteFault(item, parts, TpmKey::parse(key)))
        return refusedFor(fault->reason, fault->message);
    if (item.hasRole("eventlog")) {
        const Bytes log = item.roleFile("eventlog");
        if (const auto fault = replayFault(EventLog::parse(log), parts.pcrs))
            return refusedFor("replay_mismatch", *fault);
    }
    return {true, {}, {}, {{"scheme", nameOf(TpmSignature::parse(signature).scheme)}}};
}

Outcome runProtobuf(const Case& item)
{
    const Bytes message = item.roleFile("pb");
    const Evidence evidence = readAttestation(message);
    const bool verify = item.expect().contains("ok");
    if (verify) {
        const TpmKey key = TpmKey::parse(evidence.akPublic);
        std::optional<EventLog> log;
        if (!evidence.eventLog.empty())
            log = EventLog::parse(evidence.eventLog);
        for (const QuoteParts& quote : evidence.quotes) {
            if (const auto fault = quoteFault(item, quote, key))
                return refusedFor(fault->reason, fault->message);
            if (const auto fault = log ? replayFault(*log, quote.pcrs) : std::nullopt)
                return refusedFor("replay_mismatch", *fault);
        }
    }
    const auto& pcrs = evidence.quotes.front().pcrs;
    return {true,
            {},
            {},
            {{"quotes", evidence.quotes.size()},
             {"bank", pcrs.empty() ? "" : kit::nameOf(pcrs.front().bank)},
             {"pcr_count", pcrs.size()}}};
}

bool aggregateFits(const ImaLog& log, const std::vector<PcrValue>& pcrs)
{
    const auto aggregate = bootAggregate(log);
    if (!aggregate)
        return true;
    kit::AnyHasher hasher(aggregate->bank);
    for (std::uint32_t pcr = 0; pcr < aggregate->pcrs; ++pcr) {
        const auto* value = find(pcrs, aggregate->bank, pcr);
        if (value == nullptr)
            return true; // nothing to compare with
        hasher.update(value->value.view());
    }
    return kit::equal(hasher.finish().view(), aggregate->digest);
}

Outcome runIma(const Case& item)
{
    const Bytes file = item.roleFile("ima");
    const ImaLog log = ImaLog::parse(file);
    const auto pcrs = pcrsOf(item);
    Json after = Json::object();
    for (const HashAlgorithm bank :
         {HashAlgorithm::Sha1, HashAlgorithm::Sha2_256, HashAlgorithm::Sha2_384, HashAlgorithm::Sha2_512}) {
        const auto* pcr10 = find(pcrs, bank, kImaPcr);
        if (pcr10 == nullptr)
            continue;
        const auto match = matchIma(log, bank, pcr10->value.view());
        if (!match)
            return refusedFor("replay_mismatch", "PCR 10 of " + std::string(kit::nameOf(bank)));
        after[std::string(kit::nameOf(bank))] = match->entries;
    }
    if (!aggregateFits(log, pcrs))
        return refusedFor("replay_mismatch", "boot_aggregate");
    for (const ImaEntry& entry : log.entries)
        if (entry.templateName != item.text("template", std::string(entry.templateName)))
            return refusedFor("template", std::string(entry.templateName));
    return {true, {}, {}, {{"entries", log.entries.size()}, {"matches_after", after}}};
}

Outcome runCertificate(const Case& item)
{
    const auto objects = kit::readX509(item.roleFile("certificate"));
    return {true,
            {},
            {},
            {{"certificates", objects.certificates.size()},
             {"subject_cn", objects.certificates.front().subjectCommonName()}}};
}

Outcome runEkCertificate(const Case& item)
{
    std::vector<kit::Certificate> pool, anchors;
    for (const auto& [role, to] : {std::pair{"intermediate", &pool}, std::pair{"root", &anchors}})
        if (item.hasRole(role))
            for (const auto& one : kit::readX509(item.roleFile(role)).certificates)
                to->push_back(one);
    const kit::UnixSeconds at = item.has("verify_time") ? item.time("verify_time") : ::time(nullptr);
    Json values;
    for (const std::string kind : {"ek_rsa", "ek_ecc"}) {
        if (!item.hasRole(kind + "_cert"))
            continue;
        const auto certificate = EkCertificate::parse(item.roleFile(kind + "_cert"));
        if (const auto fault = ekCertificateFault(certificate, {pool, anchors, at}))
            return refusedFor(fault->reason, fault->message);
        values[kind + "_subject_cn"] = certificate.commonName;
        if (!item.hasRole(kind + "_pub"))
            continue;
        const TpmKey key = TpmKey::parse(item.roleFile(kind + "_pub"));
        if (const auto fault = ekFault(key))
            return refusedFor(fault->reason, fault->message);
        values[kind + "_cert_key_equals_" + kind + "_pub"] =
            !ekCertificateFault(certificate, {pool, anchors, at, &key});
    }
    if (item.hasRole("platform_cert"))
        values["platform_cn"] = kit::Certificate::fromDer(item.roleFile("platform_cert")).subjectCommonName();
    return {true, {}, {}, values};
}

Outcome runCertifyCreation(const Case& item)
{
    const Bytes attest = item.roleFile("attest"), signature = item.roleFile("signature"),
                data = item.roleFile("creation_data");
    const Bytes hash = item.hasRole("creation_hash") ? item.roleFile("creation_hash") : Bytes();
    const TpmKey signer = TpmKey::parse(item.roleFile("key_public"));
    if (const auto fault = creationFault({attest, signature, data, hash, {}, nonceOf(item)}, signer))
        return refusedFor(fault->reason, fault->message);
    return {true, {}, {}, {{"attest_type", kit::hexNumber(static_cast<unsigned>(AttestType::Creation))}}};
}

/// What the code refuses is an outcome, not a failure of the runner.
Runner refusing(Runner run)
{
    return [run = std::move(run)](const Case& item) {
        try {
            return run(item);
        } catch (const kit::InputError& e) {
            return refusedFor(e.reason(), e.what());
        } catch (const kit::CryptoError& e) {
            return refusedFor("malformed", e.what());
        }
    };
}

} // namespace

void addVtpmCases(Runners& runners, const Predict& predict)
{
    runners["eventlog"] = {refusing(runEventLog), {"eventlog"}};
    runners["measured-boot"] = {
        refusing([predict](const Case& item) { return runMeasuredBoot(item, predict); }),
        {"eventlog", "pcrs"}};
    runners["tpm-quote"] = {refusing(runQuote), {"attest", "signature", "ak_public", "pcrs", "eventlog"}};
    runners["attest-protobuf"] = {refusing(runProtobuf), {"pb"}};
    runners["ima-log"] = {refusing(runIma), {"ima", "pcrs"}};
    runners["certificate"] = {refusing(runCertificate), {"certificate"}};
    runners["ek-certificate"] = {
        refusing(runEkCertificate),
        {"ek_rsa_cert", "ek_ecc_cert", "ek_rsa_pub", "ek_ecc_pub", "platform_cert", "intermediate", "root"}};
    runners["certify-creation"] = {refusing(runCertifyCreation),
                                   {"attest", "signature", "key_public", "creation_hash", "creation_data"}};
}

} // namespace teehost::cases
