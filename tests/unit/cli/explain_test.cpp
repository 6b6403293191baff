// SPDX-License-Identifier: Apache-2.0
//
// teehost explain: the real program with the real plugins, on texts in the forms in which people keep them.
#include <filesystem>
#include <fstream>

#include <cppunit/extensions/HelperMacros.h>
#include <nlohmann/json.hpp>

#include "cli/explain/known_causes.h"
#include "cli/explain/log_text.h"
#include "run_program.h"
#include "temporary_directory.h"

namespace teehost::cli {
namespace {

using nlohmann::json;
using namespace std::string_literals;
using test::Result;

constexpr const char* kPolicy =
    "qemu-system-x86_64: sev_snp_launch_start: SNP_LAUNCH_START ret=-22 fw_error=0 ''\n"
    "qemu-system-x86_64: sev_common_kvm_init: failed to create encryption context\n"
    "qemu-system-x86_64: failed to initialize kvm: Operation not permitted\n";

class ExplainTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ExplainTest);
    CPPUNIT_TEST(saysCauseLineAndRemedy);
    CPPUNIT_TEST(readsTheFormsInWhichTextsAreKept);
    CPPUNIT_TEST(saysTheSameInJson);
    CPPUNIT_TEST(tellsThatNothingIsKnown);
    CPPUNIT_TEST(asksOnePluginOnly);
    CPPUNIT_TEST(namesThoseWhoWereNotAsked);
    CPPUNIT_TEST(asksTheOthersWhenOneFails);
    CPPUNIT_TEST(refusesAnOptionThatItsPluginDoesNotTake);
    CPPUNIT_TEST(refusesWhatIsNoText);
    CPPUNIT_TEST(readsAllOfALongText);
    CPPUNIT_TEST(takesJsonLinesApart);
    CPPUNIT_TEST(numbersLinesThatAreNotUtf8);
    CPPUNIT_TEST(keepsApartWhatIsOfNoLine);
    CPPUNIT_TEST(keepsTheSurestReadingOfALine);
    CPPUNIT_TEST_SUITE_END();

    test::TemporaryDirectory directory_;

    Result explain(const std::string& text, const std::vector<std::string>& more = {}) const
    {
        const auto path = (directory_.path() / "qemu.log").string();
        std::ofstream(path, std::ios::binary) << text;
        std::vector<std::string> arguments{
            "explain", path, "--set", "plugins.allow_own=true", "--set", "plugins.dir=" TEEHOST_PLUGIN_DIR};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return test::run(arguments);
    }
    static void expectContains(const std::string& part, const std::string& whole)
    {
        CPPUNIT_ASSERT_MESSAGE("\"" + part + "\" is not in: " + whole, whole.find(part) != std::string::npos);
    }

    void saysCauseLineAndRemedy()
    {
        const Result result = explain("qemu: warning: odd\n"s + kPolicy);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
        CPPUNIT_ASSERT(result.out.starts_with("The guest policy has bits"));
        expectContains("\n  line 2: qemu-system-x86_64: sev_snp_launch_start: SNP_LAUNCH_START ret=-22",
                       result.out);
        expectContains("\n  remedy (sev-snp): Set sev-snp.policy to 0x30000.", result.out);
        CPPUNIT_ASSERT_MESSAGE(result.out, result.out.find("could not be initialised") == std::string::npos);
    }

    void readsTheFormsInWhichTextsAreKept()
    {
        const std::string line = "qemu-system-x86_64: vm-type SEV-SNP not supported by KVM";
        const std::string forms[] = {
            line,
            line + "\r\n",
            "\x1b[31m" + line + "\x1b[0m\n",
            "Nov 30 18:48:01 host qemu[4242]: " + line + "\n",
            "2024-12-06T09:14:26.679347Z " + line + "\n",
            "time=\"2024-05-20T11:32:00Z\" level=error msg=\"" + line +
                "\" name=containerd-shim-v2 qemuPid=1\n",
            json{{"MESSAGE", line}, {"_PID", "1"}}.dump() + "\n",
            json{{"MESSAGE", std::vector<int>(line.begin(), line.end())}}.dump() + "\n",
            json{{"text", "vm failed"}, {"fields", {{"error", "why: " + line + "\nmore"}}}}.dump() + "\n",
        };
        for (const std::string& form : forms) {
            const Result result = explain("before\n" + form);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(form + result.err, 0, result.exitCode);
            expectContains("KVM makes no SEV-SNP VMs", result.out);
            expectContains("\n  line 2: ", result.out);
            CPPUNIT_ASSERT_MESSAGE(form, result.out.find('\x1b') == std::string::npos);
        }
    }

    void saysTheSameInJson()
    {
        const Result result = explain(kPolicy, {"--output", "json"});
        CPPUNIT_ASSERT_EQUAL(0, result.exitCode);
        const json out = json::parse(result.out);
        CPPUNIT_ASSERT(out.at("known").get<bool>());
        CPPUNIT_ASSERT_EQUAL(3, out.at("lines").get<int>());
        const json& best = out.at("findings").at(0);
        CPPUNIT_ASSERT_EQUAL(1, best.at("line_number").get<int>());
        CPPUNIT_ASSERT_EQUAL("sev-snp"s, best.at("remedies").at(0).at("from").get<std::string>());
        CPPUNIT_ASSERT_EQUAL(best.at("remedy"), best.at("remedies").at(0).at("remedy"));
        CPPUNIT_ASSERT_EQUAL((json{"plain-kvm", "sev-snp", "tdx", "host"}), out.at("asked"));
    }

    void tellsThatNothingIsKnown()
    {
        for (const char* text : {"", "\n\n", "all is well\n", "{}", "{\"a\": 1"}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, 4, explain(text).exitCode);
            const Result result = explain(text, {"-o", "json"});
            CPPUNIT_ASSERT_EQUAL(4, result.exitCode);
            CPPUNIT_ASSERT_EQUAL(json::array(), json::parse(result.out).at("findings"));
        }
        CPPUNIT_ASSERT_EQUAL(
            "No known cause is in this text (1 line). Asked: plain-kvm, sev-snp, tdx, host.\n"s,
            explain("x\n").out);
        expectContains("(2 lines)", explain("x\ny\n").out);
    }

    void asksOnePluginOnly()
    {
        const Result other = explain(kPolicy, {"--backend", "tdx"});
        CPPUNIT_ASSERT_MESSAGE(other.out, other.out.find("guest policy") == std::string::npos);
        expectContains("(tdx)", explain("qemu: could not load PC BIOS 'x'\n", {"--backend", "tdx"}).out);
        const Result both = explain("qemu: could not load PC BIOS 'x'\n");
        for (const char* part : {"remedy (host)", "remedy (sev-snp)", "remedy (tdx)"})
            expectContains(part, both.out);
        const Result none = explain(kPolicy, {"--backend", "nonsense"});
        CPPUNIT_ASSERT_EQUAL(4, none.exitCode);
        CPPUNIT_ASSERT_EQUAL(""s, none.out);
        expectContains("there is no plugin \"nonsense\"", none.err);
    }

    void namesThoseWhoWereNotAsked()
    {
        const auto config = (directory_.path() / "settings.properties").string();
        std::ofstream(config) << "sev-snp.policy = banana\n";
        const Result result = explain(kPolicy, {"-o", "json", "--config", config});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
        const json out = json::parse(result.out);
        CPPUNIT_ASSERT_EQUAL((json{"plain-kvm", "tdx", "host"}), out.at("asked"));
        CPPUNIT_ASSERT_EQUAL("sev-snp"s, out.at("left_out").at(0).at("id").get<std::string>());
        expectContains("sev-snp.policy must be a number",
                       out.at("left_out").at(0).at("why").get<std::string>());
        expectContains("teehost: sev-snp was not asked: ", result.err);

        const auto bad = directory_.path() / "plugins";
        std::filesystem::create_directory(bad);
        for (const std::string& directory : {bad.string(), "/nonexistent"s}) {
            const Result none = explain(kPolicy, {"--set", "plugins.dir=" + directory});
            expectContains("plugins.dir was not asked: no plugin is loaded", none.err);
        }
        std::filesystem::permissions(bad, std::filesystem::perms::all);
        expectContains(bad.string() + " was not asked: ",
                       explain(kPolicy, {"--set", "plugins.dir=" + bad.string()}).err);
    }

    void asksTheOthersWhenOneFails()
    {
        const std::vector<std::string> fixtures{"--set", "plugins.dir=" TEEHOST_FIXTURE_DIR};
        auto arguments = fixtures;
        arguments.insert(arguments.end(), {"-o", "json"});
        const Result result = explain("broken\nqemu: could not load PC BIOS 'x'\n", arguments);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
        const json out = json::parse(result.out);
        CPPUNIT_ASSERT_EQUAL(json{"host"}, out.at("asked"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, out.at("left_out").size());
        expectContains("the log is torn", out.at("left_out").at(0).at("why").get<std::string>());
        expectContains("teehost: rock was not asked: ", result.err);
        expectContains("Asked: paper, rock, host.", explain("x\n", fixtures).out);
    }

    void refusesAnOptionThatItsPluginDoesNotTake()
    {
        const Result result = explain(kPolicy, {"--set", "sev-snp.policy=banana"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.out, 2, result.exitCode);
        expectContains("sev-snp.policy must be a number", result.err);
        CPPUNIT_ASSERT_EQUAL(""s, result.out);
    }

    void refusesWhatIsNoText()
    {
        struct Row {
            std::string bytes;
            const char* hint;
        };
        const Row rows[] = {{"\x1f\x8b\x08\x00 etc"s, "zcat"},
                            {"LPKSHHRH etc", "journalctl --file"},
                            {std::string(5000, '\0'), "is no text"}};
        for (const Row& row : rows) {
            const Result result = explain(row.bytes);
            CPPUNIT_ASSERT_EQUAL(2, result.exitCode);
            expectContains(row.hint, result.err);
        }
        CPPUNIT_ASSERT_EQUAL(2, test::run({"explain", "/no/such/file"}).exitCode);
    }

    /// A plugin is given at most 64 KiB at a time; what is in the middle of a journal is found all the same.
    void readsAllOfALongText()
    {
        std::string text;
        for (int i = 0; i < 20'000; ++i)
            text += "a line of a journal that says nothing of interest\n";
        const Result result = explain(text + kPolicy + text);
        CPPUNIT_ASSERT_EQUAL(0, result.exitCode);
        expectContains("\n  line 20001: ", result.out);
    }

    void takesJsonLinesApart()
    {
        const auto lines =
            logLines("one\r\n\n  {\"a\": [\"two\", {\"b\": \"three\\nfour\"}], \"c\": 5}\n{broken\n");
        const std::pair<std::size_t, const char*> expected[] = {
            {1, "one"}, {3, "two"}, {3, "three"}, {3, "four"}, {4, "{broken"}};
        CPPUNIT_ASSERT_EQUAL(std::size(expected), lines.size());
        for (std::size_t i = 0; i < lines.size(); ++i) {
            CPPUNIT_ASSERT_EQUAL(expected[i].first, lines[i].number);
            CPPUNIT_ASSERT_EQUAL(std::string(expected[i].second), lines[i].text);
        }
        CPPUNIT_ASSERT_EQUAL(kMaxLogLineBytes, logLines(std::string(100'000, 'x')).front().text.size());
        std::string deep(100'000, '[');
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, logLines("{\"a\":" + deep + "}").size());
    }

    /// Plugins are given U+FFFD for what is not UTF-8, and quote that; the host sees the same line.
    void numbersLinesThatAreNotUtf8()
    {
        const std::string euro = "\xe2\x82\xac";
        const std::string texts[] = {
            "qemu: could not load PC BIOS caf\xe9.fd",
            "qemu: could not load PC BIOS '"s + '\0' + "x'",
            "qemu: could not load PC BIOS '" + std::string(5000, 'x'),
            "qemu: could not load PC BIOS '" + euro + std::string(4062, 'x') + euro + euro + euro,
            "qemu: could not load PC BIOS 'x" + euro + std::string(4062, 'x') + euro + euro + euro,
            "qemu: could not load PC BIOS 'xx" + euro + std::string(4062, 'x') + euro + euro + euro,
            "qemu: could not load PC BIOS '" + std::string(4000, '\xff'),
            "qemu: could not load PC BIOS '" + std::string(4066, ' ') + "x",
        };
        for (const std::string& text : texts) {
            const Result result = explain("first\n" + text + "\n");
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text + result.err, 0, result.exitCode);
            for (const char* part : {"\n  line 2: ", "remedy (host)", "remedy (sev-snp)", "remedy (tdx)"})
                expectContains(part, result.out);
            CPPUNIT_ASSERT_MESSAGE(result.out, result.out.find("line 0") == std::string::npos);
        }
    }

    void keepsApartWhatIsOfNoLine()
    {
        const KnowsWords odd{
            "odd", [](const std::string&) {
                return std::vector<plugin::Finding>{{90, "A.", "Do a.", "p"}, {50, "B.", "Do b.", "q"}};
            }};
        const auto causes = knownCauses({{7, "x"}}, {odd});
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, causes.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, causes[1].lineNumber);
    }

    void keepsTheSurestReadingOfALine()
    {
        const KnowsWords sure{
            "sure", [](const std::string&) {
                return std::vector<plugin::Finding>{{90, "A.", "Do a.", "x"}, {50, "C.", "c", "y"}};
            }};
        const KnowsWords vague{
            "vague", [](const std::string&) {
                return std::vector<plugin::Finding>{{40, "B.", "Do b.", "x"}, {90, "A.", "Or b.", "x"}};
            }};
        const auto causes = knownCauses({{7, "x"}, {9, "y"}}, {sure, vague});
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, causes.size());
        CPPUNIT_ASSERT_EQUAL("A."s, causes[0].cause);
        CPPUNIT_ASSERT_EQUAL(std::size_t{7}, causes[0].lineNumber);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, causes[0].remedies.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{9}, causes[1].lineNumber);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ExplainTest);

} // namespace
} // namespace teehost::cli
