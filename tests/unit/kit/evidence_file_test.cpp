// SPDX-License-Identifier: Apache-2.0
//
// Files as people keep evidence: in text of every kind, in documents of clouds and tools, and files that are
// something else.
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/evidence_file.h>
#include <teehost/kit/input_error.h>
#include <teehost/kit/text_form.h>

namespace teehost::kit {
namespace {

Bytes bytesOf(std::string_view text) { return {text.begin(), text.end()}; }

/// Bytes that no text has, with the fixed fields of a report of SEV-SNP.
Bytes reportLike()
{
    Bytes out(1184);
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(i * 7 + 3);
    const auto put = [&](std::size_t at, std::uint8_t value) {
        out[at] = value;
        out[at + 1] = out[at + 2] = out[at + 3] = 0;
    };
    put(0, 3);
    put(0x34, 1);
    return out;
}

Bytes quoteLike()
{
    Bytes out(700, 0xA5);
    const Bytes header{4, 0, 2, 0, 0x81, 0, 0, 0};
    std::copy(header.begin(), header.end(), out.begin());
    return out;
}

/// The beginning of a crypto-agile event log (TCG PC Client Platform Firmware Profile, section 10.4.5.1).
Bytes eventLogLike()
{
    Bytes out(32);
    out[4] = 3; // EV_NO_ACTION
    const Bytes name = bytesOf("Spec ID Event03");
    out.insert(out.end(), name.begin(), name.end());
    out.resize(80, 0xFF);
    return out;
}

std::string upper(std::string text)
{
    for (char& c : text)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

/// `text` with `end` behind every `width` characters.
std::string wrapped(const std::string& text, std::size_t width, const std::string& end)
{
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += width)
        out += text.substr(at, width) + end;
    return out;
}

std::string urlForm(std::string base64, bool padded)
{
    for (char& c : base64)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    while (!padded && base64.ends_with('='))
        base64.pop_back();
    return base64;
}

std::string wide(const std::string& text, bool little)
{
    std::string out = little ? "\xFF\xFE" : "\xFE\xFF";
    for (const char c : text)
        out += little ? std::string{c, '\0'} : std::string{'\0', c};
    return out;
}

std::string numbers(const Bytes& bytes)
{
    std::string out = "[";
    for (const std::uint8_t byte : bytes)
        out += (out.size() > 1 ? "," : "") + std::to_string(byte);
    return out + "]";
}

} // namespace

class EvidenceFileTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EvidenceFileTest);
    CPPUNIT_TEST(readsEveryTextForm);
    CPPUNIT_TEST(leavesOtherFilesAsTheyAre);
    CPPUNIT_TEST(unpacksDocuments);
    CPPUNIT_TEST(refusesDocumentsWithSeveralReports);
    CPPUNIT_TEST(keepsWhatTheTeeSigned);
    CPPUNIT_TEST(takesCertificatesOutOfDocuments);
    CPPUNIT_TEST(namesWhatIsNoEvidence);
    CPPUNIT_TEST(refusesDeepDocumentsBeforeTheyAreBuilt);
    CPPUNIT_TEST(takesTheLogOutOfADocument);
    CPPUNIT_TEST_SUITE_END();

    void readsEveryTextForm()
    {
        const Bytes bytes = reportLike();
        const std::string hex = toHex(bytes), base64 = toBase64(bytes);
        std::string array = "{ ", colons, blanks, escaped;
        for (const std::uint8_t byte : bytes) {
            const std::string digits = toHex(Bytes{byte});
            array += "0x" + digits + ", ";
            colons += (colons.empty() ? "" : ":") + digits;
            blanks += digits + " ";
            escaped += "\\x" + digits;
        }
        array = array.substr(2);
        struct Row {
            const char* what;
            std::string text, how;
        };
        const std::string kHex = "hexadecimal text", kBase64 = "base64 text";
        const Row rows[] = {
            {"bare", hex, kHex},
            {"upper case", upper(hex), kHex},
            {"0x", "0x" + hex, kHex},
            {"0X upper", "0X" + upper(hex), kHex},
            {"one line end", hex + "\n", kHex},
            {"xxd -p", wrapped(hex, 60, "\n"), kHex},
            {"CR LF", wrapped(hex, 64, "\r\n"), kHex},
            {"od", wrapped(hex, 2, " "), kHex},
            {"words", wrapped(hex, 8, " "), kHex},
            {"openssl", colons, kHex},
            {"an array of C", array, kHex},
            {"blanks", blanks, kHex},
            {"a string of C", escaped, kHex},
            {"quoted", "\"" + hex + "\"\n", kHex},
            {"Python", "b'" + escaped + "'", kHex},
            {"a byte order mark", "\xEF\xBB\xBF" + hex, kHex},
            {"zeros behind it", hex + std::string(3, '\0'), kHex},
            {"UTF-16, little", wide(hex + "\r\n", true), kHex},
            {"UTF-16, big", wide(hex, false), kHex},
            {"base64", base64, kBase64},
            {"base64 wrapped", wrapped(base64, 76, "\n"), kBase64},
            {"base64 wrapped, CR LF", wrapped(base64, 64, "\r\n"), kBase64},
            {"base64 without padding", urlForm(base64, false), kBase64},
            {"base64url", urlForm(base64, true), kBase64},
            {"base64 indented", "  " + base64 + "\n\n", kBase64},
            {"base64 in UTF-16", wide(base64, true), kBase64},
        };
        for (const Row& row : rows) {
            const auto decoded = decodeText(viewOf(row.text));
            CPPUNIT_ASSERT_MESSAGE(row.what, decoded && decoded->data == bytes);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.what, row.how, decoded->how);
            const auto parts = partsOfEvidence(viewOf(row.text));
            CPPUNIT_ASSERT_MESSAGE(row.what, parts.size() == 1 && parts[0].data == bytes &&
                                                 parts[0].role == FilePart::Role::Evidence);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.what, row.how, parts[0].how);
        }
        const std::string twice = toBase64(viewOf(hex));
        CPPUNIT_ASSERT_EQUAL(std::string("base64 text, then hexadecimal text"),
                             partsOfEvidence(viewOf(twice)).front().how);
    }

    void leavesOtherFilesAsTheyAre()
    {
        for (const std::string text :
             {"", "0x", "12", "hello", "hello world, this is a text of some length\n",
              "some words\nof a poem\nin short lines\nthat rhyme\n", "0x123456789012345678901234567890123",
              "12 34 zz 12 34 56 78 90 12 34 56 78 90 12 34 56 78",
              "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", R"({"sha256": {"0": "00"}})",
              R"({"tcbInfo": {}, "signature": "00"})"}) {
            CPPUNIT_ASSERT_MESSAGE(text, !decodeText(viewOf(text)));
            const auto parts = partsOfEvidence(viewOf(text));
            CPPUNIT_ASSERT_MESSAGE(text, parts.size() == 1 && parts[0].data == bytesOf(text) &&
                                             parts[0].how.empty());
        }
        CPPUNIT_ASSERT(partsOfEvidence(reportLike()).front().data == reportLike());
    }

    void unpacksDocuments()
    {
        const std::string report = toBase64(reportLike()), quote = toHex(quoteLike());
        struct Row {
            const char* what;
            std::string text, where;
            Bytes data;
        };
        const Row rows[] = {
            {"dstack", R"({"quote":")" + quote + R"(","event_log":"[{\"imr\":0}]","report_data":"00ff"})",
             "quote", quoteLike()},
            {"Phala", R"({"intel_quote":"0x)" + quote + R"(","nvidia_payload":"{\"nonce\":\"1\"}"})",
             "intel_quote", quoteLike()},
            {"Azure's agent", R"({"quote":")" + urlForm(toBase64(quoteLike()), false) + "\"}", "quote",
             quoteLike()},
            {"Trust Authority", R"({"tdx":{"runtime_data":"AAAA","quote":")" + toBase64(quoteLike()) + "\"}}",
             "tdx.quote", quoteLike()},
            {"a list", R"([{"evidence":")" + report + R"("}])", "[0].evidence", reportLike()},
            {"bytes as numbers", R"({"report":)" + numbers(reportLike()) + "}", "report", reportLike()},
            {"a document in a document",
             R"({"report":")" + toBase64(viewOf(R"({"SnpReport":")" + report + "\"}")) + "\"}",
             "report.SnpReport", reportLike()},
            {"other letters than ASCII", "{\"note\":\"\xC3\xA4\",\"OutBlob\":\"" + report + "\"}", "OutBlob",
             reportLike()},
            {"a report in one text", R"({"attestation_report":")" + report + "\"}", "attestation_report",
             reportLike()},
        };
        for (const Row& row : rows) {
            const auto parts = partsOfEvidence(viewOf(row.text));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.what, std::size_t{1}, parts.size());
            CPPUNIT_ASSERT_MESSAGE(row.what, parts[0].data == row.data);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.what, row.where, parts[0].where);
            CPPUNIT_ASSERT_MESSAGE(row.what, parts[0].how.starts_with("JSON, "));
        }
        const std::string lines = "Quote: " + toBase64(quoteLike()) + "\nruntime_data: AAAA\n\nuser = me\n";
        const auto labelled = partsOfEvidence(viewOf(lines)); // as tools print it for people
        CPPUNIT_ASSERT(labelled.size() == 1 && labelled[0].data == quoteLike() &&
                       labelled[0].where == "Quote");
        CPPUNIT_ASSERT_EQUAL(std::string("lines of names and values, base64 text"), labelled[0].how);
        const std::string all = toHex(viewOf(rows[3].text)); // a document as hexadecimal text
        CPPUNIT_ASSERT_EQUAL(std::string("hexadecimal text, then JSON, base64 text"),
                             partsOfEvidence(viewOf(all)).front().how);
    }

    void refusesDocumentsWithSeveralReports()
    {
        Bytes other = reportLike();
        other.back() ^= 1;
        const std::string text =
            R"({"a":")" + toBase64(reportLike()) + R"(","b":")" + toBase64(other) + "\"}";
        CPPUNIT_ASSERT_EQUAL(std::string("the document holds 2 reports or quotes, and one is verified at a "
                                         "time: a, b; hand over the one that is meant, in a file of its own"),
                             refusalOf(bytesOf(text)));
    }

    /// Clouds put a TPM's quote and a TDREPORT beside what their TEE signed.
    void keepsWhatTheTeeSigned()
    {
        Bytes tpm = bytesOf("\xffTCG");
        tpm.resize(120, 1);
        Bytes hcl = bytesOf("HCLA");
        hcl.resize(2600);
        hcl[32] = 0x81;
        hcl[1224] = 4;
        const std::string quote = R"("td_quote":")" + toBase64(quoteLike()) + "\"",
                          rest = R"("tpm_quote":{"message":")" + toHex(tpm) + R"("},"hcl_report":")" +
                                 toBase64(hcl) + "\"";
        const auto parts = partsOfEvidence(viewOf("{" + rest + "," + quote + "}"));
        CPPUNIT_ASSERT(parts.size() == 1 && parts[0].data == quoteLike());
        CPPUNIT_ASSERT_EQUAL(
            std::string("JSON, base64 text (hcl_report, tpm_quote.message is not looked at)"), parts[0].how);
        const std::string refusal = refusalOf(bytesOf("{" + rest + "}"));
        CPPUNIT_ASSERT_MESSAGE(refusal, refusal.starts_with("hcl_report of this document is Azure's report"));
    }

    void takesCertificatesOutOfDocuments()
    {
        const std::string pem = "-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n";
        const std::string text =
            R"({"evidence":")" + toBase64(reportLike()) + R"(","vcekCert":")" + pem + "\"}";
        const auto parts = partsOfEvidence(viewOf(text));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, parts.size());
        CPPUNIT_ASSERT(parts[0].role == FilePart::Role::Evidence &&
                       parts[1].role == FilePart::Role::Endorsement);
        const auto collateral = partsOfCollateral(viewOf(text));
        CPPUNIT_ASSERT(collateral.size() == 1 && collateral[0].where == "vcekCert");
        const std::string set = R"({"tcb_info":"{\"id\":\"TDX\"}","tcb_info_signature":"00ff","pck_crl":")" +
                                std::string("30820123\"}");
        const auto documents = partsOfCollateral(viewOf(set)); // as dcap-qvl keeps it
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, documents.size());
        CPPUNIT_ASSERT(textOf(documents[0].data) == R"({"tcbInfo":{"id":"TDX"},"signature":"00ff"})");
        const std::string document = R"({"tcbInfo":{"x":"30820000"},"signature":"00"})";
        CPPUNIT_ASSERT(partsOfCollateral(viewOf(document)).front().data == bytesOf(document));
        Bytes der(300, 1);
        der[0] = 0x30, der[1] = 0x82, der[2] = 1, der[3] = 40;
        CPPUNIT_ASSERT(partsOfCollateral(viewOf(toHex(der))).front().data == der);
        CPPUNIT_ASSERT(partsOfCollateral(der).front().data == der);
    }

    static std::string refusalOf(const Bytes& file)
    {
        try {
            static_cast<void>(partsOfEvidence(file));
            return {};
        } catch (const InputError& e) {
            CPPUNIT_ASSERT_EQUAL(std::string_view("not_evidence"), e.reason());
            return e.what();
        }
    }

    void namesWhatIsNoEvidence()
    {
        Bytes ccel = bytesOf("CCEL");
        ccel.resize(56);
        ccel[4] = 56;
        Bytes tdReport(1024, 0);
        tdReport[0] = 0x81;
        tdReport[100] = 7;
        Bytes hcl = bytesOf("HCLA");
        hcl.resize(32);
        hcl.insert(hcl.end(), tdReport.begin(), tdReport.end());
        hcl.resize(2600);
        hcl[1224] = 4;
        Bytes vbs = hcl;
        vbs[32] = 0;
        vbs[1224] = 3;
        Bytes sgx{3, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        for (const std::uint8_t byte : arrayOf<16>("939a7233f79c4ca9940a0db3957f0607"))
            sgx.push_back(byte);
        sgx.resize(1000, 1);
        Bytes message{0x0A, 0xA0, 0x09, 0x08, 0x03};
        message.resize(1400, 2);
        struct Row {
            Bytes file;
            const char *what, *instead;
        };
        const std::string sha1(40, 'a');
        const Row rows[] = {
            {ccel, "the ACPI table CCEL", "/sys/firmware/acpi/tables/data/CCEL"},
            {tdReport, "a TDREPORT", "the quote"},
            {hcl, "Azure's report of a TDX VM: a TDREPORT", "the quote"},
            {vbs, "without a TEE", "vTPM"},
            {sgx, "SGX", "the quote of a TD"},
            {message, "go-sev-guest", "-outform bin"},
            {bytesOf("\x1f\x8b\x08 and so on"), "gzip", "gunzip"},
            {bytesOf("00000000: 0200 0000 0000 0000  ........\n"), "a dump", "xxd -r"},
            {bytesOf("00000000  02 00 00 00 00 00 00 00  |........|\n"), "a dump", "xxd -r"},
            {bytesOf("\n\tTDX quote data\n\n 00000000: 04 00 02 00 81 00 00 00\n"), "a dump", "xxd -r"},
            {bytesOf("0000000 0002 0000 0000\n"), "a dump", "xxd -r"},
            {bytesOf("10 " + sha1 + " ima-ng sha256:00 boot_aggregate\n"), "the IMA list as text",
             "binary_runtime_measurements"},
            {bytesOf(" 0 " + sha1 + " 08 [S-CRTM Version]\n"), "event log as text",
             "binary_bios_measurements"},
            {bytesOf("---\nversion: 1\nevents:\n- EventNum: 0\n"), "tpm2_eventlog",
             "binary_bios_measurements"},
            {bytesOf("quoted: ff54\nsignature:\n  alg: rsassa\n"), "tpm2_quote prints", "-m, -s and -o"},
            {bytesOf("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.AAAA"), "a token (JWT)", "the report or quote"},
            {bytesOf("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), "a public key",
             "TPM2B_PUBLIC"},
            {bytesOf("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "a private key",
             "the evidence"},
            {bytesOf(R"({"attestation_report": {"version": 2}, "cert_chain": []})"), "taken apart",
             "1184 bytes"},
            {bytesOf(R"({"akPub":"AAAA","quotes":[]})"), "go-tpm-tools", "binarypb"},
            {bytesOf("report: {\n  version: 2\n  measurement: \"x\"\n}\n"), "text form of protocol", "bin"},
            {bytesOf(R"([{"imr":0,"event_type":2147483659,"digest":"00"}])"), "as dstack keeps it", "CCEL"},
            {bytesOf("b'\\x04\\x00text\\n-----BEGIN CERTIFICATE-----'"), "Python", "to a file"},
            {bytesOf("<html>not found</html>"), "a web page", "downloaded"},
        };
        for (const Row& row : rows) {
            const std::string refusal = refusalOf(row.file);
            CPPUNIT_ASSERT_MESSAGE(std::string(row.what) + " in: " + refusal,
                                   refusal.find(row.what) != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(std::string(row.instead) + " in: " + refusal,
                                   refusal.find(row.instead) != std::string::npos);
        }
        // Not by the first bytes alone.
        for (Bytes near : {ccel, tdReport, sgx, message}) {
            near[near.size() == 56 ? 4 : near.size() == 1024 ? 1 : 12] ^= 0x40;
            if (near.size() == 1400)
                near[4] = 0x40;
            CPPUNIT_ASSERT_EQUAL(std::string(), refusalOf(near));
        }
    }

    void refusesDeepDocumentsBeforeTheyAreBuilt()
    {
        const std::string members(33, '['), deep = members + std::string(33, ']');
        const std::string inText = "{\"a\": \"" + deep + "\"}";
        for (const std::string& text : {deep, std::string(1u << 20, '['), "{\"a\":" + deep + "}", inText})
            for (const auto read : {partsOfEvidence, partsOfEventLog, partsOfCollateral})
                CPPUNIT_ASSERT_THROW_MESSAGE(text.substr(0, 80), static_cast<void>(read(bytesOf(text))),
                                             InputError);
        const std::string fine = std::string(32, '[') + std::string(32, ']');
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, partsOfEvidence(bytesOf(fine)).size());
    }

    /// An answer of a cloud has quote, log and certificates in one document.
    void takesTheLogOutOfADocument()
    {
        const std::string document =
            "{\"quote\": \"" + toBase64(quoteLike()) + "\", \"log\": \"" + toBase64(eventLogLike()) + "\"}";
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, partsOfEvidence(bytesOf(document)).size());
        const auto parts = partsOfEventLog(bytesOf(document));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, parts.size());
        CPPUNIT_ASSERT(parts.front().role == FilePart::Role::EventLog &&
                       parts.front().data == eventLogLike());
        // A document without a known log is the plugin's to judge.
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, partsOfEventLog(bytesOf("no log")).size());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(EvidenceFileTest);

} // namespace teehost::kit
