// SPDX-License-Identifier: Apache-2.0
#include "evidence/verify.h"

#include <algorithm>
#include <array>

#include <teehost/kit/input_error.h>

#include "evidence/ak_binding.h"
#include "evidence/appraise.h"
#include "evidence/checks.h"

namespace teehost::vtpm {
namespace {

using kit::CheckLine;

struct Quote {
    Attest attest;
    TpmSignature signature;
    const QuoteParts* parts;
};

/// One verification, check by check, in the order of its functions.
class Verification {
public:
    Verification(const Evidence& evidence, const VerifyTerms& terms) : evidence_(evidence), terms_(terms) {}

    Verified run()
    {
        if (read()) {
            key();
            binding();
            const bool genuine = signatures();
            nonces();
            counters();
            if (pcrDigests() && genuine)
                out_.attest = quotes_.front().attest;
            else
                out_.pcrs.clear();
            appraise(evidence_, terms_, out_);
        }
        return std::move(out_);
    }

private:
    void add(CheckLine line) { out_.lines.push_back(std::move(line)); }

    /// vtpm.format and vtpm.magic_type. Without both there is nothing to look at.
    bool read()
    {
        using check_id::kFormat, check_id::kMagicType;
        try {
            for (const QuoteParts& parts : evidence_.quotes)
                quotes_.push_back(
                    {Attest::parse(parts.attest), TpmSignature::parse(parts.signature), &parts});
            out_.ak = TpmKey::parse(evidence_.akPublic);
            // Logs are read when they are replayed; here it counts that they can be.
            if (!evidence_.eventLog.empty())
                log_ = EventLog::parse(evidence_.eventLog);
        } catch (const kit::InputError& e) {
            if (e.reason() == "magic" || e.reason() == "type") {
                add(kit::passed(kFormat, "the evidence can be read so far"));
                // A quote that no TPM made is a lie; one that a TPM made for something else is the wrong
                // file.
                add(e.reason() == "magic" ? kit::failed(kMagicType, e.reason(), e.what())
                                          : kit::unfit(kMagicType, e.reason(), e.what()));
            } else {
                add(kit::unfit(kFormat, e.reason(), e.what()));
                add(kit::skipped(kMagicType, "the evidence cannot be read"));
            }
            skipRest();
            return false;
        }
        add(kit::passed(kFormat, std::to_string(quotes_.size()) +
                                     (quotes_.size() == 1 ? " quote" : " quotes") + " can be read"));
        add(kit::passed(kMagicType, "what is signed was made by a TPM, as a quote"));
        out_.scheme = nameOf(quotes_.front().signature.scheme);
        out_.eventLog = std::move(log_);
        return true;
    }

    void skipRest()
    {
        constexpr std::string_view kWhy = "the evidence cannot be read";
        for (const auto id : {check_id::kAkAttributes, check_id::kAkBinding, check_id::kSignature,
                              check_id::kPcrDigest, check_id::kEventPolicy})
            add(kit::skipped(id, std::string(kWhy)));
        if (!terms_.nonce.empty())
            add(kit::skipped(check_id::kNonce, std::string(kWhy)));
        if (terms_.expectsPcrs())
            add(kit::skipped(check_id::kPcrPolicy, std::string(kWhy)));
    }

    void key()
    {
        const auto fault = akFault(*out_.ak);
        add(fault ? kit::failed(check_id::kAkAttributes, *fault)
                  : kit::passed(check_id::kAkAttributes, "the key signs only what its TPM makes"));
    }

    void binding()
    {
        auto result = checkBinding(evidence_, *out_.ak, terms_);
        out_.binding = result.binding;
        add(std::move(result.line));
        if (auto line = checkEkCertificate(evidence_, terms_))
            add(std::move(*line));
    }

    bool signatures()
    {
        for (const Quote& quote : quotes_)
            if (const auto fault = signatureFault(quote.attest, quote.signature, *out_.ak)) {
                add(kit::failed(check_id::kSignature, *fault));
                return false;
            }
        add(kit::passed(check_id::kSignature,
                        "signed by the attestation key (" + std::string(out_.scheme) + ")"));
        return true;
    }

    void nonces()
    {
        if (terms_.nonce.empty())
            return;
        for (const Quote& quote : quotes_)
            if (const auto fault = nonceFault(quote.attest, terms_.nonce))
                return add(kit::failed(check_id::kNonce, *fault));
        add(kit::passed(check_id::kNonce, "the quote answers the nonce"));
    }

    void counters()
    {
        using check_id::kCounters;
        const Attest& now = quotes_.front().attest;
        const Counters& last = terms_.last;
        for (const Quote& quote : quotes_)
            if (quote.attest.resetCount != now.resetCount || quote.attest.restartCount != now.restartCount)
                return add(kit::failed(kCounters, "counters", "the quotes are of different boots"));
        const auto shown = [](std::uint64_t number) { return std::to_string(number); };
        if (last.resetCount && *last.resetCount != now.resetCount) {
            auto line =
                kit::failed(kCounters, "rebooted", "the VM was started anew since it was last judged");
            line.expected = shown(*last.resetCount);
            line.actual = shown(now.resetCount);
            return add(std::move(line));
        }
        if (last.restartCount && *last.restartCount != now.restartCount) { // which may reset PCRs as well
            auto line = kit::failed(kCounters, "restarted", "the TPM was restarted since it was last judged");
            line.expected = shown(*last.restartCount);
            line.actual = shown(now.restartCount);
            return add(std::move(line));
        }
        if (last.clock && now.clock < *last.clock) {
            auto line = kit::failed(kCounters, "clock", "the TPM's clock went back: the quote is an old one");
            line.expected = "at least " + shown(*last.clock);
            line.actual = shown(now.clock);
            return add(std::move(line));
        }
        CheckLine line =
            kit::passed(kCounters, "reset " + shown(now.resetCount) + ", restart " + shown(now.restartCount) +
                                       ", clock " + shown(now.clock) + " ms");
        if (!now.safe) {
            line.outcome = kit::Outcome::Warn;
            line.message += "; the TPM is not sure that its clock never showed this time before";
        }
        add(std::move(line));
    }

    bool pcrDigests()
    {
        using check_id::kPcrDigest;
        for (const Quote& quote : quotes_)
            if (const auto fault = pcrDigestFault(quote.attest, quote.signature.hash, quote.parts->pcrs)) {
                add(fault->reason == kNoPcrValue
                        ? kit::unfit(kPcrDigest, fault->reason, fault->message,
                                     "hand over the values as well: what tpm2_quote -o wrote, or "
                                     "tpm2_pcrread prints")
                        : kit::failed(kPcrDigest, *fault));
                return false;
            }
        for (const Quote& quote : quotes_)
            for (const PcrValue& value : quote.parts->pcrs) {
                if (!selects(quote.attest, value.bank, value.pcr))
                    continue;
                const PcrValue* known = findPcr(out_.pcrs, value.bank, value.pcr);
                if (known != nullptr && !kit::equal(known->value.view(), value.value.view())) {
                    add(kit::failed(kPcrDigest, "pcr_digest",
                                    "two quotes have different values of PCR " + std::to_string(value.pcr)));
                    return false;
                }
                if (known == nullptr)
                    out_.pcrs.push_back(value);
            }
        add(kit::passed(kPcrDigest, std::to_string(out_.pcrs.size()) + " values are those that were quoted"));
        return true;
    }

    const Evidence& evidence_;
    const VerifyTerms& terms_;
    std::vector<Quote> quotes_;
    std::optional<EventLog> log_;
    Verified out_;
};

} // namespace

Verified verifyEvidence(const Evidence& evidence, const VerifyTerms& terms)
{
    return Verification(evidence, terms).run();
}

std::optional<HashAlgorithm> bestBank(std::span<const PcrValue> values)
{
    for (const HashAlgorithm bank :
         {HashAlgorithm::Sha2_384, HashAlgorithm::Sha2_256, HashAlgorithm::Sha2_512})
        if (std::any_of(values.begin(), values.end(), [&](const auto& one) { return one.bank == bank; }))
            return bank;
    return std::nullopt;
}

const PcrValue* findPcr(std::span<const PcrValue> values, HashAlgorithm bank, std::uint32_t pcr) noexcept
{
    const auto it = std::find_if(values.begin(), values.end(),
                                 [&](const auto& one) { return one.bank == bank && one.pcr == pcr; });
    return it == values.end() ? nullptr : &*it;
}

} // namespace teehost::vtpm
