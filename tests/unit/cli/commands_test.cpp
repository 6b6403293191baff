// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <sstream>

#include <cppunit/extensions/HelperMacros.h>
#include <nlohmann/json.hpp>

#include "cli/output/escape.h"
#include "fake_host.h"
#include "run_program.h"

namespace teehost::cli {
namespace {

using nlohmann::json;
using namespace std::string_literals;
using test::FakeHost;
using test::Program;
using test::Result;
using test::Stdout;

class CommandsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CommandsTest);
    CPPUNIT_TEST(listsLivingVms);
    CPPUNIT_TEST(listsIdsForScripts);
    CPPUNIT_TEST(asksForLabels);
    CPPUNIT_TEST(showsOneVmByAPrefix);
    CPPUNIT_TEST(showsWhatIsKnownOfAVmsEvidence);
    CPPUNIT_TEST(attests);
    CPPUNIT_TEST(tellsUnknownAndAmbiguousIds);
    CPPUNIT_TEST(showsTheDaemonsDefaults);
    CPPUNIT_TEST(stopsWithGrace);
    CPPUNIT_TEST(removesAllItCan);
    CPPUNIT_TEST(showsConfigAndItsSources);
    CPPUNIT_TEST(showsBackendsWithChecks);
    CPPUNIT_TEST(showsEvents);
    CPPUNIT_TEST(followsEventsUntilCtrlC);
    CPPUNIT_TEST(escapesTheConsole);
    CPPUNIT_TEST(givesRawConsoleOnlyToFilesAndPipes);
    CPPUNIT_TEST(givesConsoleBytesAsJson);
    CPPUNIT_TEST(takesTheAddressFromTheEnvironment);
    CPPUNIT_TEST(tellsThatNobodyAnswers);
    CPPUNIT_TEST(explainsItself);
    CPPUNIT_TEST(knowsAFullDisk);
    CPPUNIT_TEST_SUITE_END();

    FakeHost host_;

    Result run(std::vector<std::string> arguments, Stdout kind = Stdout::Pipe) const
    {
        arguments.insert(arguments.end(), {"--url", host_.address()});
        return test::run(arguments, kind);
    }
    /// The output of a command that succeeds.
    std::string text(const std::vector<std::string>& arguments) const
    {
        const Result result = run(arguments);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(arguments.front() + ": " + result.err, 0, result.exitCode);
        CPPUNIT_ASSERT_EQUAL(""s, result.err);
        return result.out;
    }
    json object(std::vector<std::string> arguments) const
    {
        arguments.insert(arguments.end(), {"--output", "json"});
        return json::parse(text(arguments));
    }
    static void expectContains(const std::string& part, const std::string& whole)
    {
        CPPUNIT_ASSERT_MESSAGE("\"" + part + "\" is not in: " + whole, whole.find(part) != std::string::npos);
    }

    void listsLivingVms()
    {
        const std::string out = text({"list"});
        CPPUNIT_ASSERT(out.starts_with("ID "));
        expectContains("3f2a9c10-0000-4000-8000-000000000001  running  -         plain-kvm      2   1536M  "
                       "localhost:6100",
                       out);
        expectContains("team=blue\n", out);
        CPPUNIT_ASSERT(out.find(test::kSecondId) == std::string::npos);
        expectContains(test::kSecondId, text({"list", "--all"}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, object({"list", "-a"})["vms"].size());
        host_.vms.clear();
        CPPUNIT_ASSERT_EQUAL("no VMs\n"s, text({"list"}));
        CPPUNIT_ASSERT_EQUAL(R"({"vms":[]})"s, object({"list"}).dump());
    }

    void listsIdsForScripts()
    {
        CPPUNIT_ASSERT_EQUAL(test::kFirstId + "\n"s + test::kSecondId + "\n",
                             text({"list", "--all", "--quiet"}));
        host_.vms.clear();
        CPPUNIT_ASSERT_EQUAL(""s, text({"list", "-q"}));
    }

    void asksForLabels()
    {
        static_cast<void>(text({"list", "--label", "team=blue", "--label", "tier=test"}));
        CPPUNIT_ASSERT_EQUAL("blue"s, host_.lastList().labels().at("team"));
        CPPUNIT_ASSERT_EQUAL("test"s, host_.lastList().labels().at("tier"));
        CPPUNIT_ASSERT_EQUAL(2, run({"list", "--label", "team"}).exitCode);
    }

    void showsOneVmByAPrefix()
    {
        for (const char* typed : {"3f2a", "3F2A9c", test::kFirstId})
            expectContains("id       "s + test::kFirstId + "\nstate    running\n", text({"info", typed}));
        host_.vms.front().set_cause("\x1b]0;owned\a");
        expectContains("cause    \\x1b]0;owned\\x07\n", text({"info", "3f2a"}));
        CPPUNIT_ASSERT_EQUAL("\x1b]0;owned\a"s, object({"info", "3f2a"})["cause"].get<std::string>());
    }

    void showsWhatIsKnownOfAVmsEvidence()
    {
        auto& vm = host_.vms.front();
        vm.set_attestation(v1::ATTESTATION_STANDING_FAILED);
        vm.mutable_attested()->set_seconds(1);
        vm.set_attestation_reason("attest-vtpm: \x1b[31mPCR 4");
        expectContains("  running  failed    plain-kvm", text({"list"}));
        const std::string info = text({"info", "3f2a"});
        expectContains("attestation  failed, ", info);
        expectContains("ago: attest-vtpm: \\x1b[31mPCR 4\n", info);
        CPPUNIT_ASSERT_EQUAL("failed"s, object({"info", "3f2a"})["attestation"].get<std::string>());
    }

    void attests()
    {
        auto& attestation = host_.attestation;
        attestation.set_standing(v1::ATTESTATION_STANDING_FAILED);
        attestation.set_reason("paper: Nonce: it is an old one\x1b");
        attestation.set_nonce("\x01\xff");
        auto& verdict = *attestation.add_verdicts();
        verdict.set_plugin("paper");
        auto& check = *verdict.add_checks();
        check.set_id("nonce");
        check.set_title("Nonce");
        check.set_verdict("fail");
        check.set_message("it is an old one");
        check.mutable_expected()->set_data("\xab");
        check.mutable_actual()->set_number(7);
        auto& claim = *verdict.add_claims();
        claim.set_key("clock");
        claim.mutable_value()->set_integer(-3);

        const Result failed = run({"attest", "3f2a", "--nonce", "0102030405060708"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(failed.err, 3, failed.exitCode);
        CPPUNIT_ASSERT_EQUAL("\x01\x02\x03\x04\x05\x06\x07\x08"s, host_.lastAttest().nonce());
        CPPUNIT_ASSERT_EQUAL(std::string(test::kFirstId), host_.lastAttest().id());
        expectContains("Checks of paper\n  FAIL  Nonce", failed.out);
        expectContains("expected  ab", failed.out);
        expectContains(" is failed: paper: Nonce: it is an old one\\x1b\n", failed.out);
        CPPUNIT_ASSERT(failed.out.find("clock") == std::string::npos);
        expectContains("NOT to be relied on\n  clock  -3\n", run({"attest", "3f2a", "--claims"}).out);

        attestation.set_standing(v1::ATTESTATION_STANDING_UNDECIDED);
        CPPUNIT_ASSERT_EQUAL(2, run({"attest", "3f2a"}).exitCode);
        attestation.set_standing(v1::ATTESTATION_STANDING_ATTESTED);
        const json attested = object({"attest", "3f2a"});
        CPPUNIT_ASSERT_EQUAL("attested"s, attested["standing"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL("01ff"s, attested["nonce"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL(7, attested["verdicts"][0]["checks"][0]["actual"]["value"].get<int>());
        CPPUNIT_ASSERT_EQUAL(2, run({"attest", "3f2a", "--nonce", std::string(66, '0')}).exitCode);
    }

    void tellsUnknownAndAmbiguousIds()
    {
        const Result unknown = run({"info", "ffff"});
        CPPUNIT_ASSERT_EQUAL(4, unknown.exitCode);
        CPPUNIT_ASSERT_EQUAL(
            "teehost: there is no VM whose id begins with \"ffff\"\n  hint: see: teehost list --all\n"s,
            unknown.err);
        const Result ambiguous = run({"console", "3f2"});
        CPPUNIT_ASSERT_EQUAL(2, ambiguous.exitCode);
        expectContains(test::kSecondId, ambiguous.err);
        CPPUNIT_ASSERT_EQUAL(4, run({"info", "00000000-0000-4000-8000-000000000000"}).exitCode);
    }

    void addConfig()
    {
        const auto add = [this](const char* key, const char* value, const char* source) {
            v1::ConfigOption& option = *host_.config.add_options();
            option.set_key(key);
            option.set_value(value);
            option.set_source(source);
        };
        host_.config.set_daemon_version("9.8.7");
        host_.config.set_instance_id("instance-1");
        add("vm.max", "12", "environment MANAGER_MAX_VMS");
        add("qemu.smp.count", "4", "default");
        add("http.port", "7003", "file /etc/teehost/teehostd.properties");
        add("grpc.server_key", "", "unset");
    }

    void showsTheDaemonsDefaults()
    {
        addConfig();
        const std::string out = text({"info"});
        expectContains("teehostd 9.8.7 at " + host_.address(), out);
        expectContains("  qemu.smp.count  4\n", out);
        CPPUNIT_ASSERT(out.find("http.port") == std::string::npos);
        const json daemon = object({"info"});
        CPPUNIT_ASSERT_EQUAL("12"s, daemon["defaults"]["vm.max"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL("instance-1"s, daemon["instance_id"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL(
            2, run({"info", ""}).exitCode); // an empty variable in a script is no wish for defaults
    }

    void showsConfigAndItsSources()
    {
        addConfig();
        CPPUNIT_ASSERT_EQUAL("KEY              VALUE  SOURCE\n"
                             "vm.max           12     environment MANAGER_MAX_VMS\n"
                             "qemu.smp.count   4      default\n"
                             "http.port        7003   file /etc/teehost/teehostd.properties\n"
                             "grpc.server_key  -      unset\n"s,
                             text({"config"}));
        CPPUNIT_ASSERT(text({"config", "--changed"}).find("qemu.smp.count") == std::string::npos);
        const json changed = object({"config", "--changed"});
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, changed["options"].size());
        CPPUNIT_ASSERT_EQUAL("environment MANAGER_MAX_VMS"s,
                             changed["options"][0]["source"].get<std::string>());
    }

    void stopsWithGrace()
    {
        host_.vms.front().set_cause("stopped by a client");
        CPPUNIT_ASSERT_EQUAL(test::kFirstId + " is stopped: stopped by a client\n"s,
                             text({"stop-vm", "3f2a", "--grace", "1m500ms"}));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{60}, std::int64_t{host_.lastStop().grace().seconds()});
        CPPUNIT_ASSERT_EQUAL(500'000'000, host_.lastStop().grace().nanos());
        CPPUNIT_ASSERT_EQUAL("stopped"s, object({"stop-vm", "3f2a", "--force"})["state"].get<std::string>());
        CPPUNIT_ASSERT(host_.lastStop().force());
        CPPUNIT_ASSERT(!host_.lastStop().has_grace());
        CPPUNIT_ASSERT_EQUAL(2, run({"stop-vm", "3f2a", "--force", "--grace", "1s"}).exitCode);
        CPPUNIT_ASSERT_EQUAL(2, run({"stop-vm"}).exitCode);
    }

    void removesAllItCan()
    {
        const Result result = run({"remove-vm", "ffff", "3f2a", "eeee", "3f2b", "--force"});
        CPPUNIT_ASSERT_EQUAL(4, result.exitCode);
        CPPUNIT_ASSERT_EQUAL("removed "s + test::kFirstId + "\nremoved " + test::kSecondId + "\n",
                             result.out);
        CPPUNIT_ASSERT(result.err.find("\"ffff\"") < result.err.find("\"eeee\""));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, host_.removed().size());
        CPPUNIT_ASSERT(host_.removed().front().force());

        const Result asJson = run({"remove-vm", "ffff", "3f2a", "-o", "json"});
        CPPUNIT_ASSERT_EQUAL(4, asJson.exitCode);
        const json told = json::parse(asJson.out);
        CPPUNIT_ASSERT_EQUAL(std::string(test::kFirstId), told["removed"][0].get<std::string>());
        CPPUNIT_ASSERT_EQUAL("ffff"s, told["failed"][0]["id"].get<std::string>());
        CPPUNIT_ASSERT(!host_.removed().back().force());
    }

    void showsBackendsWithChecks()
    {
        v1::Backend& snp = *host_.backends.add_backends();
        snp.set_id("sev-snp");
        snp.set_version("1.0");
        snp.set_is_backend(true);
        snp.set_confidential(true);
        snp.set_selected(true);
        snp.set_summary("AMD SEV-SNP");
        v1::ProbeCheck& check = *snp.add_checks();
        check.set_id("cpu");
        check.set_title("CPU supports SEV-SNP");
        check.set_verdict("fail");
        check.set_message("no such \x1b[5mfeature");
        check.set_remedy("use another machine");
        v1::RefusedPlugin& refused = *host_.backends.add_refused();
        refused.set_path("/lib/bad.so");
        refused.set_reason("it is writable by others");

        const std::string plain = text({"backends"});
        expectContains("sev-snp  1.0      backend  yes           no      yes      AMD SEV-SNP\n", plain);
        expectContains("/lib/bad.so     it is writable by others\n", plain);
        CPPUNIT_ASSERT(plain.find("CPU supports") == std::string::npos);
        expectContains("\nsev-snp\n  fail  CPU supports SEV-SNP: no such \\x1b[5mfeature\n        -> use "
                       "another machine\n",
                       text({"backends", "--checks"}));
        const json backends = object({"backends"});
        CPPUNIT_ASSERT_EQUAL("use another machine"s,
                             backends["backends"][0]["checks"][0]["remedy"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL("/lib/bad.so"s, backends["refused"][0]["path"].get<std::string>());
    }

    void showsEvents()
    {
        host_.events = {test::stateEvent(v1::VM_STATE_BOOTING, v1::VM_STATE_RUNNING, "the agent\nanswered")};
        v1::Event retry;
        retry.set_seq(15);
        retry.set_vm_id(test::kFirstId);
        retry.set_kind("port-retry");
        retry.set_message("6100 was taken");
        host_.events.push_back(retry);
        CPPUNIT_ASSERT_EQUAL("2023-11-14T22:13:20.042Z     14  3f2a9c10  state           booting -> running  "
                             "the agent\\nanswered\n"
                             "-     15  3f2a9c10  port-retry      6100 was taken\n"s,
                             text({"events", "3f2a", "--after", "7"}));
        CPPUNIT_ASSERT_EQUAL(std::string(test::kFirstId), host_.lastWatch().vm_id());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{7}, std::uint64_t{host_.lastWatch().after_seq()});
        CPPUNIT_ASSERT(!host_.lastWatch().follow());

        std::istringstream lines(text({"events", "-o", "json"}));
        std::string first, second, rest;
        std::getline(lines, first);
        std::getline(lines, second);
        CPPUNIT_ASSERT(!std::getline(lines, rest));
        CPPUNIT_ASSERT_EQUAL("running"s, json::parse(first)["state"].get<std::string>());
        CPPUNIT_ASSERT(json::parse(second)["state"].is_null());
        CPPUNIT_ASSERT_EQUAL(""s, host_.lastWatch().vm_id());
    }

    void followsEventsUntilCtrlC()
    {
        host_.events = {test::stateEvent(v1::VM_STATE_BOOTING, v1::VM_STATE_RUNNING)};
        Program program({"events", "--follow", "--url", host_.address(), "--timeout", "3s"});
        program.awaitOutput("booting -> running\n"); // at once, though standard output is a pipe
        program.signal(SIGINT);
        const Result result = program.wait();
        CPPUNIT_ASSERT_EQUAL(130, result.exitCode);
        CPPUNIT_ASSERT(host_.lastWatch().follow());
    }

    void escapesTheConsole()
    {
        host_.console = {"Linux\r\n\x1b[2J\xE2\x82", "\xAC\xff\n", "pass\rword"};
        CPPUNIT_ASSERT_EQUAL("Linux\n\\x1b[2J\xE2\x82\xAC\\xff\npass\\rword"s, text({"console", "3f2a"}));
        static_cast<void>(text({"console", "3f2a", "--tail", "4096", "--follow"}));
        CPPUNIT_ASSERT_EQUAL(4096u, host_.lastRead().tail_bytes());
        CPPUNIT_ASSERT(host_.lastRead().follow());
        CPPUNIT_ASSERT_EQUAL(2, run({"console", "3f2a", "--tail", "0"}).exitCode);
    }

    void givesRawConsoleOnlyToFilesAndPipes()
    {
        host_.console = {"a\r\n\x1b[2J", "\xff\0b"s};
        CPPUNIT_ASSERT_EQUAL("a\r\n\x1b[2J\xff\0b"s, text({"console", "3f2a", "--raw"}));
        const Result refused = run({"console", "3f2a", "--raw"}, Stdout::Terminal);
        CPPUNIT_ASSERT_EQUAL(2, refused.exitCode);
        CPPUNIT_ASSERT_EQUAL(""s, refused.out);
        CPPUNIT_ASSERT_EQUAL(2, run({"console", "3f2a", "--raw", "-o", "json"}).exitCode);
    }

    void givesConsoleBytesAsJson()
    {
        host_.console = {"ab", "\0\xff"s};
        CPPUNIT_ASSERT_EQUAL("{\"offset\":0,\"data\":\"YWI=\"}\n{\"offset\":2,\"data\":\"AP8=\"}\n"s,
                             text({"console", "3f2a", "-o", "json"}));
    }

    void takesTheAddressFromTheEnvironment()
    {
        const std::vector<std::string> environment{"MANAGER_GRPC_URL=" + host_.address(),
                                                   "http_proxy=http://127.0.0.1:1",
                                                   "https_proxy=http://127.0.0.1:1"};
        const Result result = test::run({"list", "-q"}, Stdout::Pipe, environment);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
        const Result stronger = test::run({"list", "--url", "localhost:1"}, Stdout::Pipe, environment);
        CPPUNIT_ASSERT_EQUAL(5, stronger.exitCode);
        CPPUNIT_ASSERT_EQUAL(2, test::run({"list"}, Stdout::Pipe, {"MANAGER_GRPC_URL=nonsense"}).exitCode);
    }

    void tellsThatNobodyAnswers()
    {
        for (const char* command : {"list", "info", "events", "backends", "config"}) {
            const Result result = test::run({command, "--url", "localhost:1"});
            CPPUNIT_ASSERT_EQUAL(5, result.exitCode);
            expectContains("teehost: cannot reach the daemon at localhost:1: connection refused\n  hint: ",
                           result.err);
            CPPUNIT_ASSERT_EQUAL(""s, result.out);
        }
    }

    void explainsItself()
    {
        const Result help = test::run({"--help"});
        CPPUNIT_ASSERT_EQUAL(0, help.exitCode);
        for (const char* command :
             {"create-vm", "remove-vm", "stop-vm", "list", "info", "events", "console", "attest", "backends",
              "config", "measure", "verify", "inspect", "keys", "completion"}) {
            expectContains("\n  "s + command + " ", help.out);
            const Result own = test::run({command, "--help"});
            CPPUNIT_ASSERT_EQUAL(0, own.exitCode);
            expectContains("Usage: teehost "s + command, own.out);
            expectContains("Examples:\n  ", own.out);
            expectContains("--url HOST:PORT", own.out);
            std::istringstream lines(own.out);
            for (std::string line; std::getline(lines, line);)
                CPPUNIT_ASSERT_MESSAGE(line, displayWidth(line) <= 120);
        }
        for (const char* code : {"0", "1", "2", "3", "4", "5", "6", "7", "130"})
            expectContains(" "s + code + "  ", help.out);
        CPPUNIT_ASSERT(test::run({"--version"}).out.starts_with("teehost "));
        const Result nothing = test::run({});
        CPPUNIT_ASSERT_EQUAL(2, nothing.exitCode);
        CPPUNIT_ASSERT_EQUAL("teehost: a command is missing\n  hint: see: teehost --help\n"s, nothing.err);
        CPPUNIT_ASSERT_EQUAL("teehost: unknown command \"lst\"\n  hint: see: teehost --help\n"s,
                             test::run({"lst"}).err);
    }

    void knowsAFullDisk()
    {
        const Result result =
            test::run({"-c", TEEHOST_PROGRAM " --help > /dev/full"}, Stdout::Pipe, {}, "/bin/sh");
        CPPUNIT_ASSERT_EQUAL(1, result.exitCode);
        CPPUNIT_ASSERT_EQUAL("teehost: cannot write to standard output\n"s, result.err);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(CommandsTest);

} // namespace
} // namespace teehost::cli
