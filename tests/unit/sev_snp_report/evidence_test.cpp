// SPDX-License-Identifier: Apache-2.0
//
// The forms in which a report can come, and the certificate table behind it.
#include "input_error.h"
#include "report/cert_table.h"
#include "report/evidence.h"
#include "sev_snp_report/scene.h"

namespace teehost::sev_snp::test {
namespace {

void append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

void append32(Bytes& out, std::uint32_t number)
{
    for (int i = 0; i < 4; ++i)
        out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

struct Item {
    Guid guid;
    Bytes data;
};

Bytes tableOf(const std::vector<Item>& items)
{
    Bytes head, body;
    const std::size_t start = 24 * (items.size() + 1);
    for (const Item& item : items) {
        head.insert(head.end(), item.guid.begin(), item.guid.end());
        append32(head, static_cast<std::uint32_t>(start + body.size()));
        append32(head, static_cast<std::uint32_t>(item.data.size()));
        append(body, item.data);
    }
    head.resize(start);
    append(head, body);
    return head;
}

class EvidenceTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EvidenceTest);
    CPPUNIT_TEST(readsEveryForm);
    CPPUNIT_TEST(readsBuffersThatWereWrittenWhole);
    CPPUNIT_TEST(looksIntoAzuresReport);
    CPPUNIT_TEST(refusesWhatHasNoForm);
    CPPUNIT_TEST(recognisesReports);
    CPPUNIT_TEST(readsTables);
    CPPUNIT_TEST(refusesTablesOutOfBounds);
    CPPUNIT_TEST_SUITE_END();

    const Bytes report_ = Scene().report();

    void expectReport(const Bytes& blob, std::size_t certificates)
    {
        const Evidence evidence = readEvidence(blob);
        CPPUNIT_ASSERT(kit::equal(evidence.report, report_));
        CPPUNIT_ASSERT_EQUAL(certificates, evidence.certificates.size());
    }

    void readsEveryForm()
    {
        expectReport(report_, 0);
        const Bytes table = tableOf(
            {{table_guid::kVcek, {1, 2}}, {table_guid::kExtraPlatformInfo, {8}}, {table_guid::kArk, {3}}});
        Bytes extended = report_;
        append(extended, table);
        expectReport(extended, 2);
        Bytes empty = report_; // with a buffer into which the hypervisor put nothing
        empty.resize(kReportSize + 8192);
        expectReport(empty, 0);
        Bytes answer;
        append32(answer, 0);
        append32(answer, kReportSize);
        answer.resize(32);
        append(answer, report_);
        expectReport(answer, 0);
        append(answer, table);
        expectReport(answer, 2);
        Bytes hcl{'H', 'C', 'L', 'A'};
        hcl.resize(32);
        append(hcl, report_);
        append(hcl, {1, 2, 3});
        expectReport(hcl, 0);
    }

    /// The guest driver's answer has 4000 bytes, others' buffers pages; what the report leaves is zeros.
    void readsBuffersThatWereWrittenWhole()
    {
        Bytes answer;
        append32(answer, 0);
        append32(answer, kReportSize);
        answer.resize(32);
        append(answer, report_);
        for (const std::size_t size : {1217u, 1240u, 4000u, 4096u, 20480u}) {
            Bytes whole = answer;
            whole.resize(size);
            expectReport(whole, 0);
            CPPUNIT_ASSERT(looksLikeEvidence(whole) > 90);
        }
        for (const std::size_t zeros : {1u, 16u, 24u, 2816u, 2912u, 4095u, 4096u, 20480u}) {
            Bytes padded = report_;
            padded.resize(kReportSize + zeros);
            expectReport(padded, 0);
        }
        Bytes chain = report_;
        append(chain, Scene().chain().vek.der());
        expectReport(chain, 1);
        answer.resize(4000);
        for (const std::size_t field : {std::size_t{0}, std::size_t{4}}) { // status and size
            Bytes refused = answer;
            refused[field] = 0x16;
            CPPUNIT_ASSERT_THROW(static_cast<void>(readEvidence(refused)), InputError);
            CPPUNIT_ASSERT_EQUAL(0, looksLikeEvidence(refused));
        }
        answer[32 + kReportSize] = 1; // in what should be padding
        CPPUNIT_ASSERT_THROW(static_cast<void>(readEvidence(answer)), InputError);
    }

    /// The container's name is the same for every kind of VM.
    void looksIntoAzuresReport()
    {
        const auto hcl = [&](Bytes report, std::uint32_t kind) {
            Bytes out{'H', 'C', 'L', 'A'};
            out.resize(32);
            report.resize(kReportSize);
            append(out, report);
            append32(out, 20);
            append32(out, 1);
            append32(out, kind);
            append(out, Bytes(12, 1));
            return out;
        };
        expectReport(hcl(report_, 2), 0);
        CPPUNIT_ASSERT(looksLikeEvidence(hcl(report_, 2)) > 90);
        Bytes tdReport(1024, 7);
        tdReport[0] = 0x81;
        struct Row {
            Bytes blob;
            const char* words;
        };
        const Row rows[] = {
            {hcl(tdReport, 4), "TDX"}, {hcl(tdReport, 2), "TDX"}, {hcl(report_, 3), "without a TEE"}};
        for (const Row& row : rows) {
            CPPUNIT_ASSERT_EQUAL(0, looksLikeEvidence(row.blob));
            try {
                static_cast<void>(readEvidence(row.blob));
                CPPUNIT_FAIL(row.words);
            } catch (const InputError& e) {
                CPPUNIT_ASSERT_MESSAGE(e.what(), std::string(e.what()).find(row.words) != std::string::npos);
            }
        }
    }

    void refusesWhatHasNoForm()
    {
        for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kReportSize - 1}) {
            Bytes cut = report_;
            cut.resize(size);
            CPPUNIT_ASSERT_THROW(static_cast<void>(readEvidence(cut)), InputError);
            CPPUNIT_ASSERT_EQUAL(0, looksLikeEvidence(cut));
        }
        for (const Bytes& more : {Bytes{1, 2, 3}, Bytes{0, 0, 0, 1}, Bytes(4095, 1)}) {
            Bytes longer = report_;
            append(longer, more);
            CPPUNIT_ASSERT_THROW(static_cast<void>(readEvidence(longer)), InputError);
        }
    }

    void recognisesReports()
    {
        CPPUNIT_ASSERT(looksLikeEvidence(report_) > 90);
        CPPUNIT_ASSERT(looksLikeEvidence(Bytes(kReportSize, 0x5a)) < 10);
        CPPUNIT_ASSERT_EQUAL(0, looksLikeEvidence(Bytes(40, 0)));
    }

    void readsTables()
    {
        const auto entries = readCertTable(tableOf({{table_guid::kAsk, {7, 7, 7}}, {table_guid::kCrl, {}}}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, entries.size());
        CPPUNIT_ASSERT_EQUAL(std::string_view("ASK"), nameOf(entries[0].guid));
        CPPUNIT_ASSERT_EQUAL(std::string("4ab7b379-bbac-4fe4-a02f-05aef327c782"), toText(entries[0].guid));
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, entries[0].data.size());
        for (const std::size_t size : {0, 1, 24, 4096})
            CPPUNIT_ASSERT(readCertTable(Bytes(size)).empty());
    }

    void refusesTablesOutOfBounds()
    {
        const Bytes table = tableOf({{table_guid::kVcek, {1, 2, 3}}});
        const auto refused = [](const Bytes& blob) {
            try {
                static_cast<void>(readCertTable(blob));
                return false;
            } catch (const InputError& e) {
                return e.reason() == "auxblob_bounds";
            }
        };
        const auto with = [&](std::size_t at, std::uint32_t number) {
            Bytes changed = table;
            for (std::size_t i = 0; i < 4; ++i)
                changed[at + i] = static_cast<std::uint8_t>(number >> (8 * i));
            return changed;
        };
        CPPUNIT_ASSERT(refused(with(16, 47)));         // data inside the list
        CPPUNIT_ASSERT(refused(with(16, 49)));         // one byte beyond
        CPPUNIT_ASSERT(refused(with(20, 4)));          // one too many
        CPPUNIT_ASSERT(refused(with(20, 0xffffffff))); // a length that wraps
        CPPUNIT_ASSERT(refused(with(16, 0xffffffff)));
        CPPUNIT_ASSERT(refused(Bytes(table.begin(), table.begin() + 24))); // no terminator
        CPPUNIT_ASSERT(refused(tableOf({{table_guid::kVcek, {1}}, {table_guid::kVcek, {2}}}))); // twice
        std::vector<Item> many;
        for (std::uint8_t i = 1; i <= 65; ++i)
            many.push_back({Guid{i}, {i}});
        CPPUNIT_ASSERT(refused(tableOf(many)));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(EvidenceTest);

} // namespace
} // namespace teehost::sev_snp::test
