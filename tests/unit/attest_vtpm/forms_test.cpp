// SPDX-License-Identifier: Apache-2.0
//
// The forms in which tools write the pieces of a quote, and which mistakes keep it from being judged.
#include <functional>

#include <teehost/plugin.hpp>

#include "attest_vtpm.h"
#include "attest_vtpm/scene.h"
#include "log/event_log.h"
#include "tests/unit/plugin/support.h"

namespace teehost::vtpm::test {
namespace {

using plugin::Blob;
using plugin::VerifyRequest;
using plugin::VerifyResult;

constexpr std::size_t kInList = 8, kRoom = 64;

/// The file that tpm2_quote -o writes: TPML_PCR_SELECTION as it lies in memory, the number of lists,
/// TPML_DIGESTs.
Bytes serialized(const Pcrs& pcrs)
{
    Writer out;
    out.little(pcrs.size(), 4);
    std::vector<Bytes> digests;
    for (const auto& [bank, values] : pcrs) {
        std::uint32_t bits = 0;
        for (const auto& [pcr, value] : values) {
            bits |= 1u << pcr;
            digests.push_back(value);
        }
        out.little(algId(bank), 2).little(3, 1).little(bits, 4).little(0, 1);
    }
    for (std::size_t i = pcrs.size(); i < 16; ++i)
        out.little(0, 8);
    const std::size_t lists = (digests.size() + kInList - 1) / kInList;
    out.little(lists, 4);
    for (std::size_t list = 0; list < lists; ++list) {
        out.little(std::min(kInList, digests.size() - list * kInList), 4);
        for (std::size_t i = list * kInList; i < (list + 1) * kInList; ++i) {
            Bytes room = i < digests.size() ? digests[i] : Bytes();
            out.little(room.size(), 2);
            room.resize(kRoom, 0xEE); // of memory that nobody has cleared
            out.raw(room);
        }
    }
    return out.bytes();
}

/// The output of tpm2_pcrread, within that of tpm2_quote or alone.
Bytes printed(const Pcrs& pcrs, const std::string& before)
{
    std::string out = before;
    for (const auto& [bank, values] : pcrs) {
        out += "  " + std::string(kit::nameOf(bank)) + ":\n";
        for (const auto& [pcr, value] : values)
            out += "    " + std::to_string(pcr) + (pcr < 10 ? " " : "") + ": 0x" + kit::toHex(value) + "\n";
    }
    return {out.begin(), out.end()};
}

Bytes bare(const Pcrs& pcrs)
{
    Bytes out;
    for (const auto& [bank, values] : pcrs)
        for (const auto& [pcr, value] : values)
            out.insert(out.end(), value.begin(), value.end());
    return out;
}

/// A log of TCG 1.2: records with SHA-1, and no header.
Bytes legacyLog(const std::vector<FakeEvent>& events)
{
    Writer out;
    for (const FakeEvent& event : events)
        out.little(event.pcr, 4)
            .little(event.type, 4)
            .raw(kit::hash(HashAlgorithm::Sha1, event.measured).view())
            .little(event.data.size(), 4)
            .raw(event.data);
    return out.bytes();
}

Bytes sized(const Bytes& bytes) { return Writer().sized(bytes).bytes(); }

} // namespace

class FormsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FormsTest);
    CPPUNIT_TEST(readsPcrsAsToolsWriteThem);
    CPPUNIT_TEST(refusesPcrsThatLie);
    CPPUNIT_TEST(showsLogsOfTcg12);
    CPPUNIT_TEST(rejectsOnlyWhatItUnderstands);
    CPPUNIT_TEST(saysWhatUntoldBytesMayBe);
    CPPUNIT_TEST(namesAlgorithms);
    CPPUNIT_TEST_SUITE_END();

    const Scene scene_;
    plugin::test::KeptLog kept_;
    std::unique_ptr<plugin::Plugin> plugin_;

public:
    void setUp() override { plugin_ = plugin::test::take(sdk::Bridge<AttestVtpm>::entry, kept_.log); }

private:
    /// A quote in pieces, without kinds as a person hands it over.
    [[nodiscard]] VerifyRequest request(std::vector<Bytes> more) const
    {
        VerifyRequest out;
        more.insert(more.begin(), {scene_.attest, scene_.signature, tpmOf(scene_.scheme).akPublic()});
        for (Bytes& one : more)
            out.evidence.push_back({"", std::move(one)});
        out.reportData = scene_.nonce;
        out.policyJson = kAnyKey;
        out.atWallNs = kNow * 1'000'000'000;
        return out;
    }
    [[nodiscard]] VerifyResult verify(const VerifyRequest& request) const
    {
        return plugin_->verify({}, request);
    }
    static const plugin::CheckResult* find(const VerifyResult& result, std::string_view id)
    {
        for (const auto& check : result.checks)
            if (check.id == id)
                return &check;
        return nullptr;
    }

    void readsPcrsAsToolsWriteThem()
    {
        const Pcrs& pcrs = scene_.terms.pcrs;
        struct Row {
            const char* what;
            Bytes bytes;
        };
        const Row rows[] = {
            {"a table", scene_.table()},
            {"serialized", serialized(pcrs)},
            {"printed", printed(pcrs, "")},
            {"printed with the quote", printed(pcrs, "calcDigest: 00\npcrs:\n")},
            {"bare", bare(pcrs)},
        };
        for (const Row& row : rows) {
            const VerifyResult result = verify(request({row.bytes}));
            CPPUNIT_ASSERT_MESSAGE(std::string(row.what) + ": " + result.reason, result.accepted);
            if (row.what == std::string("bare"))
                continue; // alone it tells nothing
            const auto claims = plugin_->inspect({}, {"", row.bytes});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.what, std::size_t{48}, claims.size());
        }
        VerifyRequest wrapped = request({scene_.table()});
        wrapped.evidence[0].data = sized(scene_.attest);                   // TPM2B_ATTEST
        wrapped.evidence[2].data = sized(tpmOf(scene_.scheme).akPublic()); // TPM2B_PUBLIC
        CPPUNIT_ASSERT(verify(wrapped).accepted);
    }

    void refusesPcrsThatLie()
    {
        Pcrs pcrs = scene_.terms.pcrs;
        pcrs[HashAlgorithm::Sha2_256][3][0] ^= 1;
        for (const Bytes& wrong : {serialized(pcrs), printed(pcrs, ""), bare(pcrs)}) {
            const VerifyResult result = verify(request({wrong}));
            CPPUNIT_ASSERT(plugin::firstFailure(result) != nullptr);
            CPPUNIT_ASSERT_EQUAL(std::string("vtpm.pcr_digest"), plugin::firstFailure(result)->id);
        }
        const Bytes right = serialized(scene_.terms.pcrs);
        for (std::size_t at :
             {std::size_t{0}, std::size_t{4}, std::size_t{6}, std::size_t{7}, std::size_t{132},
              std::size_t{136}, std::size_t{140}}) { // counts, sizes and ids
            Bytes changed = right;
            changed[at] ^= 0x55;
            CPPUNIT_ASSERT_MESSAGE(std::to_string(at), !verify(request({changed})).accepted);
        }
        for (std::size_t size = 0; size < right.size(); size += 7)
            CPPUNIT_ASSERT(
                !verify(request({Bytes(right.begin(), right.begin() + static_cast<std::ptrdiff_t>(size))}))
                     .accepted);
    }

    /// Such a log has no mark at its beginning: an option says what it is, or the whole of it.
    void showsLogsOfTcg12()
    {
        auto events = scene_.events;
        const Bytes locality = Writer().text(std::string_view("StartupLocality\0", 16)).big(0, 1).bytes();
        for (const bool starts : {false, true}) {
            if (starts)
                events.insert(events.begin(), {0, 0x3, locality, locality});
            const Bytes log = legacyLog(events);
            CPPUNIT_ASSERT(kit::looksLikeLegacyLog(log) && !kit::looksLikeEventLog(log));
            CPPUNIT_ASSERT(plugin_->recognise({"", log}) > 50);
            CPPUNIT_ASSERT_EQUAL(0, plugin_->recognise({"event_log", log}));
            const auto claims = plugin_->inspect({}, {"", log});
            Pcrs expected = pcrsAfter(scene_.events, {HashAlgorithm::Sha1});
            std::size_t listed = 0, replayed = 0;
            for (const auto& claim : claims) {
                listed += claim.key.starts_with("vtpm.event.");
                if (claim.key == "vtpm.log.sha1.4" || claim.key == "vtpm.log.sha1.7") {
                    const unsigned pcr = claim.key.back() == '4' ? 4 : 7;
                    CPPUNIT_ASSERT(std::get<plugin::Bytes>(claim.value) ==
                                   expected.at(HashAlgorithm::Sha1).at(pcr));
                    ++replayed;
                }
            }
            CPPUNIT_ASSERT_EQUAL(events.size(), listed);
            CPPUNIT_ASSERT_EQUAL(std::size_t{2}, replayed);
            VerifyRequest with = request({scene_.table()});
            with.evidence.push_back({"event_log", log});
            const VerifyResult result = verify(with);
            CPPUNIT_ASSERT(!result.accepted && plugin::firstFailure(result) == nullptr);
            const auto* check = find(result, "vtpm.log_replay");
            CPPUNIT_ASSERT(check != nullptr && check->unfit);
            CPPUNIT_ASSERT(check->message.find("(log_legacy)") != std::string::npos);
        }
        CPPUNIT_ASSERT(!kit::looksLikeLegacyLog(legacyLog({{0, 0x4711, {1}, {1}}, {1, 4, {1}, {1}}})));
        CPPUNIT_ASSERT(!kit::looksLikeLegacyLog(scene_.ima));
        CPPUNIT_ASSERT(!kit::looksLikeLegacyLog(Bytes(64)));
    }

    void rejectsOnlyWhatItUnderstands()
    {
        enum class Blame { None, Vm, Operator, Evidence };
        struct Row {
            const char* what;
            Blame blame;
            std::function<void(VerifyRequest&)> change;
        };
        const auto withPolicy = [](std::string rule) {
            return [rule = std::move(rule)](VerifyRequest& r) {
                r.policyJson = R"({"ak_binding": ["none"], )" + rule + "}";
            };
        };
        const Row rows[] = {
            {"as it is", Blame::None, [](auto&) {}},
            {"no PCRs", Blame::Evidence, [](auto& r) { r.evidence.pop_back(); }},
            {"no PCRs, and some are expected", Blame::Evidence,
             [](auto& r) {
                 r.evidence.pop_back();
                 r.expected = {{"PCR4", plugin::DigestAlg::Sha256, Bytes(32)}};
             }},
            {"no key", Blame::Evidence, [](auto& r) { r.evidence.erase(r.evidence.begin() + 2); }},
            {"no signature", Blame::Evidence, [](auto& r) { r.evidence.erase(r.evidence.begin() + 1); }},
            {"two quotes, one signature", Blame::Evidence,
             [](auto& r) { r.evidence.push_back(r.evidence.front()); }},
            {"another file", Blame::Evidence,
             [](auto& r) {
                 r.evidence.push_back({"", Bytes(99, 0x20)});
             }},
            {"a log that is none", Blame::Evidence,
             [](auto& r) {
                 r.evidence.push_back({"event_log", Bytes(99, 0x20)});
             }},
            {"a quote that is cut", Blame::Evidence, [](auto& r) { r.evidence[0].data.pop_back(); }},
            {"a certification in place of a quote", Blame::Evidence,
             [](auto& r) { r.evidence[0].data[5] = 0x17; }},
            {"a key that nothing binds", Blame::Evidence, [](auto& r) { r.policyJson.clear(); }},
            {"a rule about events, and no log", Blame::Evidence, withPolicy(R"("secure_boot": true)")},
            {"an IMA list is required", Blame::Evidence, withPolicy(R"("ima": {"required": true})")},
            {"a VM's name, and no certificate", Blame::Evidence, withPolicy(R"("vm_id": "x")")},
            {"a bank that is not quoted", Blame::Evidence,
             [](auto& r) {
                 r.expected = {{"PCR4", plugin::DigestAlg::Sha512, Bytes(64)}};
             }},
            {"a register that no TPM has", Blame::Operator,
             [](auto& r) {
                 r.expected = {{"MRTD", plugin::DigestAlg::Sha384, Bytes(48)}};
             }},
            {"a reference value of another plugin", Blame::Operator,
             [](auto& r) {
                 r.reference = {{"snp.policy", std::string("1")}};
             }},
            {"another nonce", Blame::Vm, [](auto& r) { r.reportData[0] ^= 1; }},
            {"another PCR", Blame::Vm,
             [](auto& r) {
                 r.expected = {{"PCR4", plugin::DigestAlg::Sha256, Bytes(32)}};
             }},
            {"another key than is known", Blame::Vm,
             withPolicy(R"("ak_names": [")" + std::string(64, '0') + R"("])")},
            {"a clock that went back", Blame::Vm,
             [](auto& r) {
                 r.reference = {{"vtpm.clock", std::uint64_t{1} << 60}};
             }},
            {"what no TPM made", Blame::Vm,
             [](auto& r) {
                 r.evidence[0].kind = "tpm.quote";
                 r.evidence[0].data[0] = 0;
             }},
            {"a signature of something else", Blame::Vm, [](auto& r) { r.evidence[0].data[60] ^= 1; }},
        };
        for (const Row& row : rows) {
            VerifyRequest changed = request({scene_.table()});
            row.change(changed);
            const VerifyResult result = verify(changed);
            const Blame blame = result.accepted                           ? Blame::None
                                : plugin::firstFailure(result) != nullptr ? Blame::Vm
                                : plugin::firstUnfit(result) != nullptr   ? Blame::Evidence
                                                                          : Blame::Operator;
            CPPUNIT_ASSERT_MESSAGE(std::string(row.what) + ": " + result.reason, blame == row.blame);
        }
    }

    void saysWhatUntoldBytesMayBe()
    {
        struct Row {
            Bytes bytes;
            const char* words;
        };
        const std::string pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
        for (const Row& row : {Row{Bytes(256, 7), "-f plain"}, Row{Bytes(99, 7), "99 bytes"},
                               Row{{pem.begin(), pem.end()}, "TPM2B_PUBLIC"}}) {
            const std::string words = whatUntoldIs(row.bytes);
            CPPUNIT_ASSERT_MESSAGE(words, words.find(row.words) != std::string::npos);
        }
    }

    void namesAlgorithms()
    {
        const VerifyResult result = verify(request({}));
        CPPUNIT_ASSERT(find(result, "vtpm.pcr_digest")->message.find("of the bank sha256") !=
                       std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("rsapss"), algorithmName(0x16));
        CPPUNIT_ASSERT_EQUAL(std::string("0x4711"), algorithmName(0x4711));
        CPPUNIT_ASSERT_EQUAL(std::string("NIST P-256"), curveName(3));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(FormsTest);

} // namespace teehost::vtpm::test
