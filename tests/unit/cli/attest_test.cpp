// SPDX-License-Identifier: Apache-2.0
//
// measure, verify and inspect with the plugins of fixtures/attester.cpp in the real program.
#include <fstream>

#include <cppunit/extensions/HelperMacros.h>
#include <nlohmann/json.hpp>

#include "cli/attest/arguments.h"
#include "cli/failure.h"
#include "cli/output/instant.h"
#include "run_program.h"
#include "temporary_directory.h"
#include "test_certificates.h"
#include "tests/unit/attest/fake_origin.h"

namespace teehost::cli {
namespace {

using nlohmann::json;
using namespace std::string_literals;
using test::Result;
using test::Stdout;

const std::string kDigest(96, 'a');
const std::string kOtherDigest(96, 'b');

class AttestTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AttestTest);
    CPPUNIT_TEST(acceptsWhatShowsAllThatWasAsked);
    CPPUNIT_TEST(rejectsWhatFailsACheck);
    CPPUNIT_TEST(judgesWhatTheEvidenceReliesOn);
    CPPUNIT_TEST(cannotJudgeWhatNoCheckDecides);
    CPPUNIT_TEST(saysWhatWasNotAsked);
    CPPUNIT_TEST(hasOneExitCodeForWhateverKeepsItFromJudging);
    CPPUNIT_TEST(choosesThePluginThatIsSurest);
    CPPUNIT_TEST(readsStandardInput);
    CPPUNIT_TEST(handsOverEverythingItIsGiven);
    CPPUNIT_TEST(letsNoTextOfTheEvidencePoseAsItsOwn);
    CPPUNIT_TEST(fetchesCollateralOnceAndKeepsIt);
    CPPUNIT_TEST(verifiesAgainstWhatItMeasured);
    CPPUNIT_TEST(takesAnyOfSeveralDigests);
    CPPUNIT_TEST(refusesReferencesOfAnotherForm);
    CPPUNIT_TEST(measuresAsReadableReport);
    CPPUNIT_TEST(layersThePluginsOptions);
    CPPUNIT_TEST(refusesWhatCannotBeMeasured);
    CPPUNIT_TEST(comparesWithAnotherMeasurementOfAnIgvmFile);
    CPPUNIT_TEST(saysThatClaimsAreNotVerified);
    CPPUNIT_TEST(readsInstants);
    CPPUNIT_TEST(loadsThePluginThatIsNamedAlone);
    CPPUNIT_TEST(keepsToTheConfigurationOfOpenssl);
    CPPUNIT_TEST_SUITE_END();

    test::TemporaryDirectory directory_;

    std::string file(const std::string& name, const std::string& content) const
    {
        const auto path = directory_.path() / name;
        std::ofstream(path, std::ios::binary) << content;
        return path.string();
    }
    static Result run(std::vector<std::string> arguments, const std::vector<std::string>& environment = {})
    {
        for (const char* setting : {"plugins.dir=" TEEHOST_FIXTURE_DIR, "plugins.allow_own=true"})
            arguments.insert(arguments.end(), {"--set", setting});
        return test::run(arguments, Stdout::Pipe, environment);
    }
    static json object(std::vector<std::string> arguments, int exitCode = 0)
    {
        arguments.insert(arguments.end(), {"--output", "json"});
        const Result result = run(arguments);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, exitCode, result.exitCode);
        return json::parse(result.out);
    }
    static void expectContains(const std::string& part, const std::string& whole)
    {
        CPPUNIT_ASSERT_MESSAGE("\"" + part + "\" is not in: " + whole, whole.find(part) != std::string::npos);
    }
    static std::string lastLine(const std::string& text)
    {
        return text.substr(text.rfind('\n', text.size() - 2) + 1);
    }
    std::string report(const std::string& more = {}, const std::string& name = "report") const
    {
        return file(name, "paper\ndigest=" + kDigest + "\nnonce=00ff\nclaim=hello\n" + more);
    }
    std::vector<std::string> measureCommand(const std::string& cpus = "4") const
    {
        const std::string kernel = file("bzImage", "kernel");
        return {"measure",   "--backend", "paper",  "--firmware", kernel,  "--kernel", kernel,
                "--cmdline", "quiet",     "--cpus", cpus,         "--cpu", "EPYC"};
    }

    void acceptsWhatShowsAllThatWasAsked()
    {
        const Result result =
            run({"verify", "--report", report(), "--nonce", "00FF", "--measurement", kDigest});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
        CPPUNIT_ASSERT_EQUAL(""s, result.err);
        CPPUNIT_ASSERT_EQUAL("ACCEPTED: every required check passed\n"s, lastLine(result.out));
        expectContains("  verified by   paper 1.2.3, ", result.out);
        expectContains("  nonce         00ff\n", result.out);
        expectContains("  register      initial contents, sha384 " + kDigest + "\n", result.out);
        expectContains("  PASS  Nonce\n", result.out);
        expectContains("  WARN  Age (not required): online at ", result.out);
        expectContains("What the evidence says\n  claim  hello\n", result.out);
        // Of several digests of one register any will do.
        CPPUNIT_ASSERT_EQUAL(0, run({"verify", "--report", report(), "--measurement", kOtherDigest,
                                     "--measurement", "CONTENTS=" + kDigest})
                                    .exitCode);
    }

    void rejectsWhatFailsACheck()
    {
        const Result result = run({"verify", "--report", report("open\n"), "--nonce", "0100"});
        CPPUNIT_ASSERT_EQUAL(3, result.exitCode);
        CPPUNIT_ASSERT_EQUAL(""s, result.err);
        expectContains("  FAIL   Nonce: it is another one\n         expected  0100\n         actual    00ff\n"
                       "         -> ask again\n",
                       result.out);
        expectContains("which is NOT to be relied on\n", result.out);
        CPPUNIT_ASSERT_EQUAL("REJECTED: Nonce: it is another one\n"s, lastLine(result.out));

        const json told = object({"verify", "--report", report(), "--measurement", kOtherDigest}, 3);
        CPPUNIT_ASSERT_EQUAL("rejected"s, told["verdict"].get<std::string>());
        const json& check = told["checks"][1];
        CPPUNIT_ASSERT_EQUAL("contents"s, check["id"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL("fail"s, check["verdict"].get<std::string>());
        CPPUNIT_ASSERT(check["required"].get<bool>());
        CPPUNIT_ASSERT_EQUAL(kOtherDigest, check["expected"]["value"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL(kDigest, check["actual"]["value"].get<std::string>());
    }

    void judgesWhatTheEvidenceReliesOn()
    {
        const Result accepted = run({"verify", "--report", report("relies=rock\nrelied=fine\n")});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(accepted.err, 0, accepted.exitCode);
        expectContains("What it relies on\n", accepted.out);
        expectContains("  verified by   rock 1.2.3, ", accepted.out);

        const json open = object({"verify", "--report", report("relies=rock\nrelied=open\n")}, 2);
        CPPUNIT_ASSERT_EQUAL("could-not-judge"s, open.at("verdict").get<std::string>());
        CPPUNIT_ASSERT_EQUAL("rock"s, open.at("relied_on").at(0).at("plugin").at("id").get<std::string>());
        expectContains("not accepted", open.at("reason").get<std::string>());
        // Nobody to judge it, and whose plugin breaks down over it: neither is acceptance.
        CPPUNIT_ASSERT_EQUAL(2, run({"verify", "--report", report("relies=well\nrelied=fine\n")}).exitCode);
        CPPUNIT_ASSERT_EQUAL(2, run({"verify", "--report", report("relies=rock\nrelied=broken\n")}).exitCode);
        // It is not looked at for evidence that is rejected anyway.
        const json rejected =
            object({"verify", "--report", report("relies=well\nrelied=fine\n"), "--nonce", "0100"}, 3);
        CPPUNIT_ASSERT(rejected.at("relied_on").empty());
    }

    void cannotJudgeWhatNoCheckDecides()
    {
        const Result result = run({"verify", "--report", report("open\n")});
        CPPUNIT_ASSERT_EQUAL(2, result.exitCode);
        CPPUNIT_ASSERT(lastLine(result.out).starts_with("COULD NOT JUDGE: check signature is ERROR"));
        CPPUNIT_ASSERT_EQUAL(
            "could-not-judge"s,
            object({"verify", "--report", report("open\n")}, 2)["verdict"].get<std::string>());
    }

    void saysWhatWasNotAsked()
    {
        const std::string out = run({"verify", "--report", report()}).out;
        expectContains("  nonce         not asked: the evidence may be an old one\n", out);
        expectContains("  register      not asked: what the VM was started with is not compared\n", out);
        CPPUNIT_ASSERT_EQUAL(
            "ACCEPTED: the evidence is genuine; that it is fresh, and what the VM runs, was not asked\n"s,
            lastLine(out));
        const json told = object({"verify", "--report", report()});
        CPPUNIT_ASSERT(told["expected"]["nonce"].is_null());
        CPPUNIT_ASSERT(told["expected"]["registers"].empty());
    }

    void hasOneExitCodeForWhateverKeepsItFromJudging()
    {
        const std::string good = report();
        const std::string large = file("large", std::string((16u << 20) + 1, 'x'));
        const struct {
            std::vector<std::string> arguments;
            const char* words;
        } rows[] = {
            {{"--report", good + ".absent"}, "--report: cannot read"},
            {{"--report", directory_.path().string()}, "Is a directory"},
            {{"--report", file("none", "")}, "is empty"},
            {{"--report", large}, "it is larger than 16 MiB"},
            {{"--report", good, "--certs", large}, "--certs: cannot read"},
            {{"--report", good, "--nonce", "0"}, "--nonce"},
            {{"--report", good, "--nonce", "0g"}, "--nonce: a value is not an even number"},
            {{"--report", good, "--measurement", "00ff"}, "--measurement: no digest has 2 bytes"},
            {{"--report", good, "--measurement", "=" + kDigest}, "name is not printable"},
            {{"--report", good, "--measurement", kDigest + kDigest}, "--measurement: there are 192"},
            {{"--report", good, "--measurement", "OTHER=" + kDigest}, nullptr}, // an ERROR of the plugin's
            {{"--report", good, "--at", "yesterday"}, "--at: \"yesterday\" is no point in time"},
            {{"--report", good, "--policy", file("policy", "\xff")}, "is not UTF-8"},
            {{"--report", good, "--backend", "stone"},
             "there is no plugin \"stone\"\n  hint: loaded: paper, rock"},
            {{"--report", good, "--set", "paper.colour=red"}, "there is no such option"},
            {{"--report", good, "--config", good}, "name of no known kind"},
            {{"--report", good, "--reference", good}, "--reference: the file is of no use: malformed JSON"},
            {{"--report", report("broken\n", "broken")}, "the evidence is torn"},
        };
        for (const auto& row : rows) {
            std::vector<std::string> arguments{"verify"};
            arguments.insert(arguments.end(), row.arguments.begin(), row.arguments.end());
            const Result result = run(arguments);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(result.out + result.err, 2, result.exitCode);
            if (row.words != nullptr)
                expectContains(row.words, result.err);
        }
        const Result nothing = test::run({"verify", "--report", good, "--set", "plugins.dir=/nonexistent"});
        CPPUNIT_ASSERT_EQUAL(2, nothing.exitCode);
        expectContains("no plugin is loaded", nothing.err);
    }

    void choosesThePluginThatIsSurest()
    {
        CPPUNIT_ASSERT_EQUAL(
            "rock"s, object({"verify", "--report", file("r", "rock\n")})["plugin"]["id"].get<std::string>());
        const Result unknown = run({"verify", "--report", file("r", "scissors\n")});
        CPPUNIT_ASSERT_EQUAL(2, unknown.exitCode);
        expectContains("no plugin recognises this evidence\n  hint: name the one that made it with --backend",
                       unknown.err);
        const Result tie = run({"verify", "--report", file("r", "contested\n")});
        CPPUNIT_ASSERT_EQUAL(2, tie.exitCode);
        expectContains("the plugins paper and rock are equally sure", tie.err);
        expectContains("--backend ID", tie.err);
        CPPUNIT_ASSERT_EQUAL(
            0, run({"verify", "--backend", "rock", "--report", file("r", "contested\n")}).exitCode);
    }

    /// From the file of its name, and the others when they are needed all the same.
    void loadsThePluginThatIsNamedAlone()
    {
        namespace fs = std::filesystem;
        const fs::path plugins = fs::path(TEEHOST_FIXTURE_DIR) / "named";
        fs::remove_all(plugins);
        fs::create_directory(plugins);
        const auto install = [&](const std::string& id, const std::string& file) {
            fs::copy_file(fs::path(TEEHOST_FIXTURE_DIR) / ("cli-fixture-" + id + ".so"), plugins / file);
        };
        const auto verify = [&](std::vector<std::string> arguments) {
            arguments.insert(arguments.begin(), "verify");
            for (const std::string& setting : {"plugins.dir=" + plugins.string(), "plugins.allow_own=true"s})
                arguments.insert(arguments.end(), {"--set", setting});
            return test::run(arguments);
        };
        install("paper", "paper.so");
        install("rock", "rock.so");
        CPPUNIT_ASSERT_EQUAL(0, verify({"--backend", "paper", "--report", report()}).exitCode);
        const Result other = verify({"--backend", "rock", "--report", report("unfit\n", "unfit")});
        expectContains("; the plugin paper recognises this evidence\n", other.out);
        const Result relying =
            verify({"--backend", "paper", "--report", report("relies=rock\nrelied=fine\n")});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(relying.err, 0, relying.exitCode);
        expectContains("  verified by   rock 1.2.3, ", relying.out);
        CPPUNIT_ASSERT_EQUAL(
            0, verify({"--backend", "paper", "--set", "rock.title=x", "--report", report()}).exitCode);
        const Result none = verify({"--backend", "paper", "--set", "none.title=x", "--report", report()});
        expectContains("none.title", none.err);

        install("paper",
                "second.so"); // of two with one id none is taken, unless its file says which is meant
        CPPUNIT_ASSERT_EQUAL(2, verify({"--report", report()}).exitCode);
        CPPUNIT_ASSERT_EQUAL(0, verify({"--backend", "paper", "--report", report()}).exitCode);
        fs::rename(plugins / "paper.so", plugins / "first.so");
        CPPUNIT_ASSERT_EQUAL(2, verify({"--backend", "paper", "--report", report()}).exitCode);
    }

    /// Whatever of OpenSSL an offline command leaves out, providers are those that the host's operator wants.
    void keepsToTheConfigurationOfOpenssl()
    {
        const std::string plain = "openssl_conf = start\n[start]\n";
        const auto verify = [&](const std::string& configuration) {
            return run({"verify", "--offline", "--report", report()},
                       {"OPENSSL_CONF=" + file("openssl.cnf", configuration)});
        };
        const Result any = verify(plain);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(any.err, 0, any.exitCode);
        const Result none = verify(plain + "providers = some\n[some]\nbase = one\n[one]\nactivate = 1\n");
        CPPUNIT_ASSERT_EQUAL(2, none.exitCode); // of digests that provider has none
        expectContains("SHA-256 is not available from OpenSSL", none.err);
        // A pipe can be read once only, which is OpenSSL's to do.
        const auto path =
            file("other.cnf", plain + "providers = some\n[some]\nbase = one\n[one]\nactivate = 1\n");
        const Result piped = test::run(
            {"-c", "cat " + path +
                       " | OPENSSL_CONF=/dev/stdin " TEEHOST_PROGRAM " verify --offline --report " +
                       report() + " --set plugins.allow_own=true --set plugins.dir=" TEEHOST_FIXTURE_DIR},
            Stdout::Pipe, {}, "/bin/sh");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(piped.out + piped.err, 2, piped.exitCode);
    }

    void readsStandardInput()
    {
        const Result result =
            test::run({"-c", TEEHOST_PROGRAM " verify --report - --set plugins.allow_own=true --set "
                                             "plugins.dir=" TEEHOST_FIXTURE_DIR " < " +
                                 report()},
                      Stdout::Pipe, {}, "/bin/sh");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
    }

    void handsOverEverythingItIsGiven()
    {
        const std::string cert = file("cert", "c"), root = file("root", "r");
        const json told =
            object({"verify", "--report", report(), "--certs", cert, "--certs", root, "--anchor", root,
                    "--policy", file("policy", R"({"a":1})"), "--at", "2026-01-31T12:00:00Z", "--offline"});
        CPPUNIT_ASSERT_EQUAL("2 certificates, 1 roots"s, told["checks"][0]["message"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL(R"({"a":1})"s, told["checks"][1]["message"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL("offline"s, told["checks"][2]["message"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL("2026-01-31T12:00:00.000Z"s, told["at"].get<std::string>());
        CPPUNIT_ASSERT(told["offline"].get<bool>());
        CPPUNIT_ASSERT_EQUAL(cert, told["collateral"][0]["file"].get<std::string>());
        // sha256sum of one "r"
        CPPUNIT_ASSERT_EQUAL("454349e422f05297191ead13e21d3db520e5abef52055e4964b82fb213f593a1"s,
                             told["anchors"][0]["sha256"].get<std::string>());
        const json online = object({"verify", "--report", report(), "--at", "1970-01-01T01:00:01.5+01:00"});
        CPPUNIT_ASSERT_EQUAL("online at 1500000000"s, online["checks"][1]["message"].get<std::string>());
    }

    void letsNoTextOfTheEvidencePoseAsItsOwn()
    {
        const std::string hostile = file("hostile", "paper\nclaim=\x1b[2J\r\tACCEPTED\xe2\x80\xae\n");
        for (const char* command : {"verify", "inspect"}) {
            std::vector<std::string> arguments{command};
            if (command == "verify"s)
                arguments.push_back("--report");
            arguments.push_back(hostile);
            const Result result = run(arguments);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
            expectContains("  claim  \\x1b[2J\\r\\tACCEPTED\\u202e\n", result.out);
            CPPUNIT_ASSERT(result.out.find('\x1b') == std::string::npos);
        }
        CPPUNIT_ASSERT_EQUAL("\x1b[2J\r\tACCEPTED\xe2\x80\xae"s,
                             object({"inspect", hostile})["claims"]["claim"]["value"].get<std::string>());
        // What is not UTF-8 is no claim at all.
        const Result broken = run({"inspect", file("broken", "paper\nclaim=\xff\n")});
        CPPUNIT_ASSERT_EQUAL(2, broken.exitCode);
    }

    void fetchesCollateralOnceAndKeepsIt()
    {
        const test::Authority authority;
        attest::test::FakeOrigin origin(authority.issue("localhost"));
        origin.answer("/crl", 200, "Cache-Control: max-age=600\r\n", "the list");
        const std::string evidence = file("evidence", "paper\nfetch=" + origin.url("/crl") + "\n");
        const std::string ca = file("ca.pem", authority.certPem());
        std::vector<std::string> environment{"XDG_CACHE_HOME=" + directory_.path().string(),
                                             "no_proxy=localhost"};
        const auto verify = [&](const std::vector<std::string>& more) {
            std::vector<std::string> arguments{"verify", "--report", evidence, "--set",
                                               "attest.fetch_ca=" + ca};
            arguments.insert(arguments.end(), more.begin(), more.end());
            return run(arguments, environment);
        };
        const std::vector<std::string> allowed{"--set", "attest.fetch_hosts=" + origin.authority()};
        auto offline = allowed;
        offline.push_back("--offline");
        const Result notAllowed = verify({});
        CPPUNIT_ASSERT_EQUAL(2, notAllowed.exitCode);
        expectContains(origin.authority() + " is not a host that collateral may come from", notAllowed.out);
        const Result nothing = verify(offline);
        CPPUNIT_ASSERT_EQUAL(2, nothing.exitCode);
        expectContains("is not in the cache, and nothing may be fetched", nothing.out);
        CPPUNIT_ASSERT(origin.requests().empty());
        for (const auto& options : {allowed, allowed, offline}) {
            const Result accepted = verify(options);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(accepted.out + accepted.err, 0, accepted.exitCode);
            expectContains("PASS  Signature: the list\n", accepted.out);
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, origin.requests().size());
        CPPUNIT_ASSERT(std::filesystem::is_directory(directory_.path() / "teehost/collateral"));
        // The copy is handed out without libcurl, by the account of the dynamic linker.
        environment.push_back("LD_DEBUG=files");
        for (const auto& options : {allowed, offline}) {
            const Result accepted = verify(options);
            CPPUNIT_ASSERT_EQUAL(0, accepted.exitCode);
            expectContains("libcrypto.so", accepted.err);
            for (const char* library : {"libcurl", "libgrpc", "on-demand.so", "https.so"})
                CPPUNIT_ASSERT_MESSAGE(library, accepted.err.find(library) == std::string::npos);
        }
    }

    void verifiesAgainstWhatItMeasured()
    {
        auto command = measureCommand();
        command.insert(command.end(), {"--output", "json", "--attester", "rock"});
        const Result measured = run(command);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(measured.err, 0, measured.exitCode);
        const std::string reference = file("expected.json", measured.out);
        const json told = json::parse(measured.out);
        const auto digest = told["registers"][0]["digest"].get<std::string>();
        const auto evidence = [&](const std::string& kind) {
            return file("evidence", kind + "\ndigest=" + digest + "\n");
        };
        const json accepted = object({"verify", "--report", evidence("paper"), "--reference", reference});
        CPPUNIT_ASSERT_EQUAL("5 values"s, accepted["checks"][2]["message"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL(told["values"].dump(), accepted["expected"]["values"].dump());
        CPPUNIT_ASSERT_EQUAL(told["registers"].dump(), accepted["expected"]["registers"].dump());
        // The attester's part is found by its name.
        CPPUNIT_ASSERT_EQUAL(
            0, run({"verify", "--report", evidence("rock"), "--reference", reference}).exitCode);
        CPPUNIT_ASSERT_EQUAL(3, run({"verify", "--report", report(), "--reference", reference}).exitCode);
    }

    void takesAnyOfSeveralDigests()
    {
        auto command = measureCommand();
        command.back() = "either"; // the CPU's model
        const std::string words = "Of a register with several digests, any of them will do.\n";
        expectContains(words, run(command).out);
        CPPUNIT_ASSERT(run(measureCommand()).out.find(words) == std::string::npos);
        const json told = object(command);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, told["registers"].size());
        const std::string reference = file("expected.json", told.dump());
        for (const auto& reg : told["registers"]) {
            const auto evidence =
                file("evidence", "paper\ndigest=" + reg["digest"].get<std::string>() + "\n");
            const json accepted = object({"verify", "--report", evidence, "--reference", reference});
            CPPUNIT_ASSERT_EQUAL(told["registers"].dump(), accepted["expected"]["registers"].dump());
        }
        CPPUNIT_ASSERT_EQUAL(3, run({"verify", "--report", report(), "--reference", reference}).exitCode);
    }

    void refusesReferencesOfAnotherForm()
    {
        const std::string reg = R"({"name":"CONTENTS","algorithm":"sha384","digest":")" + kDigest + "\"}";
        const struct {
            std::string text;
            const char* words;
        } rows[] = {
            {"[]", "\"backend\" is missing"},
            {R"({"backend":"rock","registers":[],"values":{}})", "it was computed by \"rock\", not by paper"},
            {R"({"backend":"paper","registers":[],"values":{}})", "neither registers nor values"},
            {R"({"backend":"paper","registers":{},"values":{}})",
             "\"registers\" is missing or of another type"},
            {R"({"backend":"paper","registers":[{"name":"A","algorithm":"sha256","digest":"00"}],"values":{}})",
             "another length"},
            {R"({"backend":"paper","registers":[{"name":"A","algorithm":"md5","digest":"00"}],"values":{}})",
             "\"md5\" is not known"},
            {R"({"backend":"paper","registers":[)" + reg + R"(],"values":{"a":1}})",
             "\"type\" and \"value\""},
            {R"({"backend":"paper","registers":[)" + reg + R"(],"values":{"a":{"type":"uint","value":-1}}})",
             "of type \"uint\""},
            {std::string(100, '['), "nests deeper"},
        };
        for (const auto& row : rows) {
            const Result result =
                run({"verify", "--report", report(), "--reference", file("reference", row.text)});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.text, 2, result.exitCode);
            expectContains(row.words, result.err);
        }
    }

    void measuresAsReadableReport()
    {
        const Result result = run(measureCommand());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
        expectContains("Computed by paper\n\nREGISTER  ALGORITHM  DIGEST\nCONTENTS  sha384     ", result.out);
        expectContains("Other values\n  title   none\n  vcpus   4\n  offset  -5\n  debug   false\n",
                       result.out);
        expectContains("     1  CONTENTS  cpu     EPYC", result.out);
        expectContains("     2  CONTENTS  kernel  " + directory_.path().string() + "/bzImage", result.out);
        CPPUNIT_ASSERT(result.out != run(measureCommand("5")).out);
        // The output says what else it was computed for, and from where it is taken.
        expectContains("\nComputed for this VM, and for nothing that this machine has\n", result.out);
        expectContains("4, up to 64", result.out);
        expectContains("up to 30G in 5 slots", result.out);
        expectContains("EPYC under kvm", result.out);
        const json used = object(measureCommand()).at("used");
        CPPUNIT_ASSERT_EQUAL(64, used.at("max_vcpus").get<int>());
        CPPUNIT_ASSERT_EQUAL(5, used.at("memory_slots").get<int>());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{30} << 30, used.at("max_memory").get<std::uint64_t>());
        CPPUNIT_ASSERT_EQUAL("q35"s, used.at("machine").get<std::string>());
        CPPUNIT_ASSERT(!object(measureCommand()).at("values").contains("used"));
    }

    void layersThePluginsOptions()
    {
        const std::string config = file("test.properties", "paper.title = from file\n");
        const auto title = [&](const std::vector<std::string>& more,
                               const std::vector<std::string>& environment) {
            auto command = measureCommand();
            command.insert(command.end(), {"--output", "json"});
            command.insert(command.end(), more.begin(), more.end());
            const Result result = run(command, environment);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
            return json::parse(result.out)["values"]["title"]["value"].get<std::string>();
        };
        CPPUNIT_ASSERT_EQUAL("none"s, title({}, {}));
        CPPUNIT_ASSERT_EQUAL("from file"s, title({"--config", config}, {}));
        CPPUNIT_ASSERT_EQUAL("from environment"s,
                             title({"--config", config}, {"PAPER_TITLE=from environment"}));
        CPPUNIT_ASSERT_EQUAL("from line"s, title({"--config", config, "--set", "paper.title=from line"},
                                                 {"PAPER_TITLE=from environment"}));
        // Where the daemon is, in a form that only this program takes.
        CPPUNIT_ASSERT_EQUAL("none"s, title({}, {"MANAGER_GRPC_URL=unix:/run/teehost.sock"}));
    }

    void refusesWhatCannotBeMeasured()
    {
        auto unknown = measureCommand();
        unknown[2] = "stone";
        CPPUNIT_ASSERT_EQUAL(4, run(unknown).exitCode);
        auto both = measureCommand();
        both.insert(both.end(), {"--igvm", both[4]});
        CPPUNIT_ASSERT_EQUAL(2, run(both).exitCode);
        auto absent = measureCommand();
        absent[4] += ".absent";
        expectContains("--firmware: \"" + absent[4] + "\" is not a regular file", run(absent).err);
        CPPUNIT_ASSERT_EQUAL(
            2, run({"measure", "--backend", "paper", "--firmware", "/bin/sh", "--cpus", "0", "--cpu", "EPYC"})
                   .exitCode);
        CPPUNIT_ASSERT_EQUAL(2, run({"measure", "--backend", "paper"}).exitCode);
    }

    void comparesWithAnotherMeasurementOfAnIgvmFile()
    {
        const auto measure = [&](const std::string& says) {
            const auto program = file("igvmmeasure", "#!/bin/sh\necho " + says + "\n");
            std::filesystem::permissions(program, std::filesystem::perms::owner_all);
            return run({"measure", "--backend", "paper", "--igvm", file("a.igvm", "x"), "--cpus", "2",
                        "--cpu", "EPYC"},
                       {"MANAGER_IGVMMEASURE_BINARY=" + program});
        };
        std::string same;
        for (int i = 0; i < 48; ++i)
            same += "02";
        const Result agreed = measure(same);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(agreed.err, 0, agreed.exitCode);
        const Result differs = measure(kDigest);
        CPPUNIT_ASSERT_EQUAL(1, differs.exitCode);
        CPPUNIT_ASSERT_EQUAL(""s, differs.out);
        expectContains("differ: CONTENTS is " + same, differs.err);
        expectContains("says " + kDigest, differs.err);
    }

    void saysThatClaimsAreNotVerified()
    {
        const Result result = run({"inspect", report()});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
        CPPUNIT_ASSERT(result.out.starts_with("NOT VERIFIED: "));
        expectContains("  claim  hello\n", result.out);
        CPPUNIT_ASSERT(lastLine(result.out).starts_with("NOT VERIFIED: "));
        const json told = object({"inspect", report(), "--backend", "rock"});
        CPPUNIT_ASSERT(!told["verified"].get<bool>());
        CPPUNIT_ASSERT_EQUAL("rock"s, told["plugin"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL("uint"s, told["claims"]["size"]["type"].get<std::string>());
    }

    void readsInstants()
    {
        const struct {
            const char* text;
            const char* shown;
        } good[] = {{"2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"},
                    {"2024-02-29t23:59:59.123456789z", "2024-02-29T23:59:59.123Z"},
                    {"2026-01-31 12:00:00+05:30", "2026-01-31T06:30:00.000Z"},
                    {"2026-01-31T12:00:00.5-00:30", "2026-01-31T12:30:00.500Z"},
                    {"2190-12-31T23:59:59Z", "2190-12-31T23:59:59.000Z"}};
        for (const auto& row : good)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.text, std::string(row.shown),
                formatInstant(std::chrono::nanoseconds(parseInstant(row.text, "--at"))));
        for (const char* bad : {"", "2026", "2026-01-31", "2026-01-31T12:00:00", "2026-13-01T00:00:00Z",
                                "2025-02-29T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T12:00:60Z",
                                "2026-01-31T12:00:00ZZ", "2026-01-31T12:00:00+24:00", "2026-01-31T12:00:00.Z",
                                "1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2191-01-01T00:00:00Z",
                                "+026-01-31T12:00:00Z", "2026-01-31T12:00:00+1:00"})
            CPPUNIT_ASSERT_THROW_MESSAGE(bad, static_cast<void>(parseInstant(bad, "--at")), UsageFailure);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(AttestTest);

} // namespace
} // namespace teehost::cli
