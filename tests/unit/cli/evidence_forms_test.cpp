// SPDX-License-Identifier: Apache-2.0
//
// Evidence as people keep it, through the program: what text it is read as, which option says what a file is,
// and what a wrong file comes to.
#include <fstream>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <nlohmann/json.hpp>

#include <teehost/kit/bytes.h>

#include "run_program.h"
#include "temporary_directory.h"

namespace teehost::cli {
namespace {

using nlohmann::json;
using namespace std::string_literals;
using test::Result;
using test::Stdout;

} // namespace

class EvidenceFormsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EvidenceFormsTest);
    CPPUNIT_TEST(readsTextAndSaysSo);
    CPPUNIT_TEST(believesTheOptionThatNamesALog);
    CPPUNIT_TEST(judgesNothingByAWrongFile);
    CPPUNIT_TEST(doesNotRejectWhatIsUnfit);
    CPPUNIT_TEST_SUITE_END();

    test::TemporaryDirectory directory_;
    const std::string evidence_ = "paper\nnonce=00ff\nclaim=hello, world\n";

    std::string file(const std::string& name, const std::string& content) const
    {
        const auto path = directory_.path() / name;
        std::ofstream(path, std::ios::binary) << content;
        return path.string();
    }
    static Result run(std::vector<std::string> arguments)
    {
        for (const char* setting : {"plugins.dir=" TEEHOST_FIXTURE_DIR, "plugins.allow_own=true"})
            arguments.insert(arguments.end(), {"--set", setting});
        return test::run(arguments, Stdout::Pipe, {});
    }
    static void expectContains(const std::string& part, const std::string& whole)
    {
        CPPUNIT_ASSERT_MESSAGE("\"" + part + "\" is not in: " + whole, whole.find(part) != std::string::npos);
    }

    void readsTextAndSaysSo()
    {
        const std::string hex = kit::toHex(kit::viewOf(evidence_)),
                          base64 = kit::toBase64(kit::viewOf(evidence_));
        struct Row {
            std::string text, how;
        };
        for (const Row& row :
             {Row{hex, "hexadecimal text"}, Row{"0x" + hex + "\n", "hexadecimal text"},
              Row{base64, "base64 text"}, Row{base64.substr(0, base64.find('=')), "base64 text"}}) {
            const auto path = file("evidence", row.text);
            const Result result = run({"verify", "--report", path, "--nonce", "0x00FF"});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(result.out + result.err, 0, result.exitCode);
            expectContains(", read as " + row.how + "\n", result.out);
            const Result seen = run({"inspect", path});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(seen.err, 0, seen.exitCode);
            expectContains(std::to_string(evidence_.size()) + " bytes, read as " + row.how + ")", seen.out);
        }
        const Result told = run({"inspect", file("evidence", hex), "--output", "json"});
        CPPUNIT_ASSERT_EQUAL("hexadecimal text"s, json::parse(told.out).at("read_as").get<std::string>());
        const Result plain = run({"verify", "--report", file("evidence", evidence_)});
        CPPUNIT_ASSERT(plain.out.find("read as") == std::string::npos);
    }

    void believesTheOptionThatNamesALog()
    {
        const Result result = run({"verify", "--report", file("evidence", evidence_), "--eventlog",
                                   file("log", "rock\nwhatever it begins with\n"), "--output", "json"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.out + result.err, 0, result.exitCode);
        const json told = json::parse(result.out);
        CPPUNIT_ASSERT_EQUAL("paper"s, told.at("plugin").at("id").get<std::string>());
        bool named = false;
        for (const json& claim : told.at("claims"))
            named = named || claim.dump().find("event_log") != std::string::npos;
        CPPUNIT_ASSERT_MESSAGE(told.dump(), named);
    }

    /// A file that is handed over by mistake says nothing of a VM.
    void judgesNothingByAWrongFile()
    {
        const std::string right = file("evidence", evidence_);
        std::string ccel = "CCEL"s + std::string(1, '\x38') + std::string(51, '\0');
        struct Row {
            std::vector<std::string> options;
            const char* words;
        };
        const std::string key = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
        const Row rows[] = {
            {{"--report", file("a", "hello")}, "no plugin recognises"},
            {{"--report", file("b", "")}, "is empty"},
            {{"--report", directory_.path() / "none"}, "cannot read"},
            {{"--report", file("c", key)}, "a public key in PEM"},
            {{"--report", file("d", "eyJhIjoxfQ.eyJhIjoxfQ.AAAA")}, "a token (JWT)"},
            {{"--report", file("e", "00000000: 0200 0000  ....\n")}, "xxd -r"},
            {{"--report", right, "--eventlog", file("f", ccel)}, "/sys/firmware/acpi/tables/data/CCEL"},
            {{"--report", right, "--eventlog", file("g", " 0 " + std::string(40, 'a') + " 08 [x]\n")},
             "binary_bios_measurements"},
            {{"--report", right, "--nonce", "0x"}, "--nonce"},
            {{"--report", right, "--measurement", "abcd"}, "no digest has 2 bytes"},
            {{"--report", right, "--at", "yesterday"}, "--at"},
            {{"--report", right, "--reference", file("h", "{}")}, "--reference"},
            {{"--report", right, "--backend", "none"}, "there is no plugin"},
        };
        for (const Row& row : rows) {
            std::vector<std::string> arguments{"verify"};
            arguments.insert(arguments.end(), row.options.begin(), row.options.end());
            const Result result = run(arguments);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.words + (": " + result.out + result.err), 2, result.exitCode);
            expectContains(row.words, result.err);
        }
    }

    void doesNotRejectWhatIsUnfit()
    {
        const Result result = run({"verify", "--report", file("evidence", evidence_ + "unfit\n")});
        CPPUNIT_ASSERT_EQUAL(2, result.exitCode);
        expectContains("COULD NOT JUDGE: ", result.out);
        expectContains("the signature was torn off", result.out);
        // The message says whose it is when another plugin was named.
        const Result other =
            run({"verify", "--backend", "rock", "--report", file("evidence", evidence_ + "unfit\n")});
        CPPUNIT_ASSERT_EQUAL(2, other.exitCode);
        expectContains("; the plugin paper recognises this evidence\n", other.out);
        // A check that fails besides is a rejection all the same.
        CPPUNIT_ASSERT_EQUAL(
            3,
            run({"verify", "--report", file("evidence", evidence_ + "unfit\n"), "--nonce", "0100"}).exitCode);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(EvidenceFormsTest);

} // namespace teehost::cli
