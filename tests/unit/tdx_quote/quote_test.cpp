// SPDX-License-Identifier: Apache-2.0
#include <teehost/kit/input_error.h>

#include "tdx/quote/checks.h"
#include "tdx/quote/td_fields.h"
#include "tdx_quote/scene.h"

namespace teehost::tdx::test {
namespace {

std::string refusal(const Bytes& bytes)
{
    try {
        static_cast<void>(Quote::parse(bytes));
        return "";
    } catch (const kit::InputError& e) {
        return std::string(e.reason());
    }
}

class QuoteTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(QuoteTest);
    CPPUNIT_TEST(readsEveryFormOfQuote);
    CPPUNIT_TEST(acceptsWhatIsWell);
    CPPUNIT_TEST(refusesEveryOtherForm);
    CPPUNIT_TEST(refusesEveryLength);
    CPPUNIT_TEST(recognisesQuotesOnly);
    CPPUNIT_TEST(refusesEveryBitThatIsChanged);
    CPPUNIT_TEST(refusesKeysAndEnclavesOfOthers);
    CPPUNIT_TEST_SUITE_END();

    struct Form {
        std::uint16_t version, bodyType;
    };
    static constexpr Form kForms[] = {{4, 2}, {5, 2}, {5, 3}, {5, 4}};

    void readsEveryFormOfQuote()
    {
        for (const Form& form : kForms) {
            Scene scene;
            scene.quoteTerms.version = form.version;
            scene.quoteTerms.bodyType = form.bodyType;
            scene.quoteTerms.trailing = Bytes(70, 0xee);
            const Bytes bytes = scene.quote();
            const Quote quote = Quote::parse(bytes);
            CPPUNIT_ASSERT_EQUAL(form.version, quote.version);
            CPPUNIT_ASSERT_EQUAL(form.bodyType, static_cast<std::uint16_t>(quote.bodyType));
            CPPUNIT_ASSERT_EQUAL(std::size_t{70}, quote.trailingBytes);
            CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x10000000}, numberOf(quote.body.tdAttributes));
            CPPUNIT_ASSERT_EQUAL(std::uint8_t{0x22}, quote.body.mrTd[0]);
            CPPUNIT_ASSERT_EQUAL(std::uint8_t{0x33}, quote.body.rtmr[3][0]);
            CPPUNIT_ASSERT_EQUAL(std::uint8_t{0x44}, quote.body.reportData[0]);
            CPPUNIT_ASSERT_EQUAL(form.bodyType > 2, quote.body.teeTcbSvn2.has_value());
            CPPUNIT_ASSERT_EQUAL(std::uint16_t{2}, quote.qe.isvProdId);
            CPPUNIT_ASSERT_EQUAL(std::uint16_t{4}, quote.qe.isvSvn);
            CPPUNIT_ASSERT(fieldNamed(quote.body, "mr_td") && !fieldNamed(quote.body, "mrtd"));
        }
        for (const std::size_t size : {0u, 1u, 1000u}) { // of the enclave's authentication data
            Scene scene;
            scene.quoteTerms.authData = Bytes(size, 7);
            CPPUNIT_ASSERT_EQUAL(std::string(), scene.reason());
        }
    }

    void acceptsWhatIsWell()
    {
        for (const Form& form : kForms) {
            Scene scene;
            scene.quoteTerms.version = form.version;
            scene.quoteTerms.bodyType = form.bodyType;
            const Verified verified = scene.verify();
            for (const auto& line : verified.lines)
                CPPUNIT_ASSERT_MESSAGE(line.id + ": " + line.message,
                                       line.outcome == kit::Outcome::Pass ||
                                           (line.id == check_id::kTcbCurrent && form.bodyType == 2));
            CPPUNIT_ASSERT(verified.tcb && verified.tcb->status == TcbStatus::UpToDate);
        }
    }

    void refusesEveryOtherForm()
    {
        struct Row {
            std::size_t at;
            Bytes bytes;
            const char* reason;
        };
        const Row rows[] = {{0, {3, 0}, "QUOTE_VERSION"},
                            {0, {6, 0}, "QUOTE_VERSION"},
                            {2, {3, 0}, "ATT_KEY_TYPE"},
                            {4, {0, 0, 0, 0}, "TEE_TYPE"},
                            {4, {0x81, 0, 0, 1}, "TEE_TYPE"},
                            {12, {0x92}, "QE_VENDOR"},
                            {27, {0x06}, "QE_VENDOR"},
                            {offset::kSignatureSize, {0xff, 0xff, 0xff, 0xff}, "TRUNCATED"},
                            {offset::kSignatureSize, {127, 0, 0, 0}, "SIGDATA"},
                            {offset::kCertification, {5, 0}, "CERT_TYPE"},
                            {offset::kCertification + 2, {0, 0, 0, 0}, "CERT_LEN"},
                            {offset::kCertification + 2, {0xff, 0xff, 0xff, 0xff}, "CERT_LEN"},
                            {offset::kAuthData, {0xff, 0xff}, "SIGDATA"},
                            {offset::kChain, {4, 0}, "CERT_TYPE5"},
                            {offset::kChain, {1, 0}, "CERT_TYPE5"},
                            {offset::kChain + 2, {0xff, 0xff, 0xff, 0xff}, "SIGDATA"},
                            {offset::kChain + 2, {1, 0, 0, 0}, "SIGDATA"}};
        const Bytes good = Scene().quote();
        for (const Row& row : rows) {
            Bytes bad = good;
            std::copy(row.bytes.begin(), row.bytes.end(), bad.begin() + static_cast<std::ptrdiff_t>(row.at));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::to_string(row.at), std::string(row.reason), refusal(bad));
        }
        Scene v5;
        v5.quoteTerms.version = 5;
        v5.quoteTerms.bodyType = 3;
        for (const Bytes& descriptor :
             {Bytes{1, 0, 0x80, 1, 0, 0}, Bytes{2, 0, 0x88, 2, 0, 0}, Bytes{3, 0, 0x48, 2, 0, 0},
              Bytes{5, 0, 0x88, 2, 0, 0}, Bytes{3, 0, 0xff, 0xff, 0xff, 0xff}}) {
            Bytes bad = v5.quote();
            std::copy(descriptor.begin(), descriptor.end(), bad.begin() + 0x30);
            CPPUNIT_ASSERT_EQUAL(std::string("BODY_TYPE"), refusal(bad));
        }
    }

    void refusesEveryLength()
    {
        const Bytes good = Scene().quote();
        for (std::size_t size = 0; size < good.size(); ++size)
            CPPUNIT_ASSERT_EQUAL(
                std::string("TRUNCATED"),
                refusal(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))));
        // The signature data as long as it says, and what is in it cut short.
        for (std::uint32_t size = 0; size + offset::kSignature < good.size(); ++size) {
            Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(offset::kSignature + size));
            for (unsigned i = 0; i < 4; ++i)
                cut[offset::kSignatureSize + i] = static_cast<std::uint8_t>(size >> (8 * i));
            const std::string why = refusal(cut);
            CPPUNIT_ASSERT_EQUAL(std::string(size < 134 ? "SIGDATA" : "CERT_LEN"), why);
        }
    }

    void recognisesQuotesOnly()
    {
        const Bytes good = Scene().quote();
        CPPUNIT_ASSERT(looksLikeQuote(good) > 90);
        const int cut = looksLikeQuote(kit::ByteView(good).first(600));
        CPPUNIT_ASSERT(cut > 0 && cut < 90);
        for (const Bytes& other : {Bytes(), Bytes(1184), Bytes(good.begin(), good.begin() + 40),
                                   bytesOf("-----BEGIN CERTIFICATE-----"), Bytes{4, 0, 2, 0, 0x81, 0, 0, 0}})
            CPPUNIT_ASSERT_EQUAL(0, looksLikeQuote(other));
    }

    /// Which checks may be the first to refuse a change there.
    static std::vector<std::string> expectedFor(std::size_t at)
    {
        if (at < offset::kBody || at < offset::kSignatureSize)
            return {"QUOTE_SIG"};
        if (at < offset::kSignature)
            return {};
        if (at < offset::kAttestationKey)
            return {"QUOTE_SIG"};
        if (at < offset::kCertification)
            return {"QE_REPORT_DATA"};
        if (at < offset::kQeReport)
            return {};
        if (at < offset::kAuthData)
            return {"QE_REPORT_SIG"};
        if (at < offset::kAuthData + 2)
            return {};
        if (at < offset::kChain)
            return {"QE_REPORT_DATA"};
        return {"CHAIN_FORMAT",   "CHAIN_LEN", "LEAF_CN",      "PCK_EXTENSION",
                "ROOT_UNTRUSTED", "CHAIN_SIG", "CERT_EXPIRED", "CERT_NOT_YET_VALID"};
    }

    void refusesEveryBitThatIsChanged()
    {
        const Scene scene;
        const Bytes good = scene.quote();
        const auto pool = Scene::poolOf(scene.blobs());
        const Quote goodQuote = Quote::parse(good);
        const PckChain goodChain = PckChain::of(goodQuote.certificates);
        const Collateral collateral = Collateral::of(pool, &goodChain, scene.anchors);
        for (std::size_t at = 0; at < good.size(); ++at) {
            const bool inChain = at >= offset::kChain;
            for (unsigned bit = 0; bit < 8; ++bit) {
                Bytes bad = good;
                bad[at] = static_cast<std::uint8_t>(bad[at] ^ (1u << bit));
                if (const std::string why = refusal(bad); !why.empty()) {
                    const bool isForm = at < 28 || expectedFor(at).empty() || at < offset::kChain + 6;
                    CPPUNIT_ASSERT_MESSAGE(why + " at " + std::to_string(at), isForm);
                    continue;
                }
                const Quote quote = Quote::parse(bad);
                const PckChain chain = inChain ? PckChain::of(quote.certificates) : goodChain;
                const auto verified = verifyQuote(quote, chain, collateral, scene.terms());
                const auto* failure = kit::firstObjection(verified.lines);
                CPPUNIT_ASSERT_MESSAGE("accepted at " + std::to_string(at), failure != nullptr);
                const auto wanted = expectedFor(at);
                CPPUNIT_ASSERT_MESSAGE(failure->reason + " at " + std::to_string(at),
                                       std::find(wanted.begin(), wanted.end(), failure->reason) !=
                                           wanted.end());
            }
        }
    }

    void refusesKeysAndEnclavesOfOthers()
    {
        Scene debug;
        debug.quoteTerms.qeReport = [](Bytes& report) { report[48] |= 2; };
        expectReason("QE_ATTR", debug, "an enclave that can be debugged");
        Scene masked = debug;
        masked.identity["attributesMask"] = "F9FFFFFFFFFFFFFF0000000000000000";
        expectReason("QE_ATTR", masked, "where the mask leaves the bit out too");
        struct Row {
            std::size_t at;
            const char* reason;
        };
        for (const Row& row :
             {Row{16, "QE_MISC"}, Row{49, "QE_ATTR"}, Row{128, "QE_MRSIGNER"}, Row{256, "QE_PRODID"},
              Row{320, "QE_REPORT_DATA"}, Row{383, "QE_REPORT_DATA"}}) {
            Scene scene;
            scene.quoteTerms.qeReport = [&](Bytes& report) { report[row.at] ^= 0x10; };
            expectReason(row.reason, scene, std::to_string(row.at));
        }
        for (const std::size_t harmless : {0u, 64u, 300u}) { // CPUSVN, MRENCLAVE, reserved
            Scene scene;
            scene.quoteTerms.qeReport = [&](Bytes& report) { report[harmless] ^= 0x10; };
            expectReason("", scene, std::to_string(harmless));
        }
        Scene off; // the point is not on the curve, and the enclave says so
        Bytes quote = off.quote();
        quote[offset::kAttestationKey] ^= 1;
        off.quoteTerms.qeReport = [&](Bytes& report) {
            kit::Sha256 hasher;
            hasher.update(kit::ByteView(quote).subspan(offset::kAttestationKey, 64));
            hasher.update(off.quoteTerms.authData);
            const auto digest = hasher.finish();
            std::copy(digest.begin(), digest.end(), report.begin() + 320);
        };
        Bytes other = off.quote();
        other[offset::kAttestationKey] ^= 1;
        CPPUNIT_ASSERT_EQUAL(std::string("ATT_KEY"), off.reason(other, off.blobs()));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(QuoteTest);

} // namespace
} // namespace teehost::tdx::test
