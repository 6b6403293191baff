// SPDX-License-Identifier: Apache-2.0
//
// A VM that booted, its TPM and its logs, all well unless a test makes one of them otherwise.
#pragma once

#include <string>

#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/input_error.h>

#include "evidence/pieces.h"
#include "evidence/verify.h"
#include "vtpm_factory/soft_tpm.h"

namespace teehost::vtpm::test {

using namespace vtpm_factory;

/// Keys are made once for all tests.
inline const SoftTpm& tpmOf(Scheme scheme)
{
    static const SoftTpm kSsa(Scheme::RsaSsa), kPss(Scheme::RsaPss), kEcdsa(Scheme::Ecdsa);
    return scheme == Scheme::RsaSsa ? kSsa : scheme == Scheme::RsaPss ? kPss : kEcdsa;
}

inline constexpr kit::UnixSeconds kNow = 1'760'000'000;
inline constexpr std::string_view kAnyKey = R"({"ak_binding": ["none"]})";

struct Scene {
    explicit Scene(Scheme its = Scheme::Ecdsa) : scheme(its) { boot(directBoot("console=ttyS0")); }

    void boot(const std::vector<FakeEvent>& its)
    {
        events = its;
        log = vtpm_factory::eventLog(events, banks);
        terms.pcrs = pcrsAfter(events, banks);
        ima = imaLog({"/bin/sh", "/usr/bin/agent"}, terms.pcrs);
        quote();
    }
    void quote()
    {
        attest = tpmOf(scheme).attest(terms);
        signature = tpmOf(scheme).sign(attest);
    }
    /// The values of all PCRs, as the table of a quote in pieces has them.
    [[nodiscard]] Bytes table() const
    {
        std::string json = "{";
        for (const auto& [bank, values] : terms.pcrs) {
            json += (json.size() > 1 ? ",\"" : "\"") + std::string(kit::nameOf(bank)) + "\":{";
            for (const auto& [pcr, value] : values)
                json += (pcr == values.begin()->first ? "\"" : ",\"") + std::to_string(pcr) + "\":\"" +
                        kit::toHex(value) + "\"";
            json += "}";
        }
        json += "}";
        return {json.begin(), json.end()};
    }
    [[nodiscard]] Message message() const
    {
        Message out{tpmOf(scheme).akPublic(), {}, log, {}, {}};
        for (const auto& [bank, values] : terms.pcrs) {
            QuoteTerms one = terms;
            one.pcrs = {{bank, values}};
            const Bytes its = tpmOf(scheme).attest(one);
            out.quotes.push_back({its, tpmOf(scheme).sign(its), bank, values});
        }
        return out;
    }

    [[nodiscard]] Verified verify() const
    {
        const Bytes pcrs = table();
        std::vector<Piece> pieces{
            {PieceKind::Attest, attest},
            {PieceKind::Signature, signature},
            {PieceKind::AkPublic, akPublic.empty() ? tpmOf(scheme).akPublic() : akPublic},
            {PieceKind::Pcrs, pcrs}};
        if (!log.empty())
            pieces.push_back({PieceKind::EventLog, log});
        if (!ima.empty())
            pieces.push_back({PieceKind::ImaLog, ima});
        Verified out;
        try {
            out = verifyEvidence(gather(pieces), verifyTerms());
        } catch (const kit::InputError& e) {
            out.lines = {kit::failed("unreadable", e.reason(), e.what())};
        }
        // Views of bytes that end here.
        out.eventLog.reset();
        return out;
    }
    [[nodiscard]] VerifyTerms verifyTerms() const
    {
        return {.nonce = nonce, .at = kNow, .policy = Policy::parse(policy), .last = last};
    }
    /// "vtpm.nonce: nonce" of the first check that fails; empty when none does.
    [[nodiscard]] std::string failure() const
    {
        const Verified verified = verify();
        for (const auto& line : verified.lines)
            CPPUNIT_ASSERT_MESSAGE(line.id, !line.message.empty());
        const auto* first = kit::firstObjection(verified.lines);
        return first == nullptr ? "" : first->id + ": " + first->reason;
    }

    Scheme scheme;
    std::vector<HashAlgorithm> banks{HashAlgorithm::Sha2_256, HashAlgorithm::Sha2_384};
    std::vector<FakeEvent> events{};
    QuoteTerms terms{};
    Bytes attest{}, signature{}, log{}, ima{}, akPublic{};
    Bytes nonce = Bytes(32, 0x5A);
    std::string policy{kAnyKey};
    Counters last{};
};

} // namespace teehost::vtpm::test
