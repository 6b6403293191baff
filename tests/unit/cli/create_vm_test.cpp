// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <fstream>

#include <cppunit/extensions/HelperMacros.h>
#include <nlohmann/json.hpp>

#include "fake_host.h"
#include "run_program.h"
#include "temporary_directory.h"

namespace teehost::cli {
namespace {

using nlohmann::json;
using test::FakeHost;
using test::Program;
using test::Result;
using test::Stdout;

class CreateVmTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CreateVmTest);
    CPPUNIT_TEST(sendsWhatItIsTold);
    CPPUNIT_TEST(asksForNothingItIsNotTold);
    CPPUNIT_TEST(keepsTheTokenOffTheCommandLine);
    CPPUNIT_TEST(takesS3CredentialsFromTheEnvironmentOnlyWhenAsked);
    CPPUNIT_TEST(refusesBadOptionsBeforeAnythingIsDone);
    CPPUNIT_TEST(namesTheOptionWhoseTextIsNotUtf8);
    CPPUNIT_TEST(tellsNumbersWithTheirRange);
    CPPUNIT_TEST(tellsARefusalOfTheDaemonWithTheOption);
    CPPUNIT_TEST(givesUpWaitingAtTheDaemonsBootTimeout);
    CPPUNIT_TEST(showsEachStateAsALine);
    CPPUNIT_TEST(waitsUntilTheAgentAnswers);
    CPPUNIT_TEST(printsOneJsonObject);
    CPPUNIT_TEST(rewritesALineOnATerminal);
    CPPUNIT_TEST(tellsWhyAVmFailedWhileItBooted);
    CPPUNIT_TEST(givesUpWaitingInTime);
    CPPUNIT_TEST(tellsTheFailureOfALaunch);
    CPPUNIT_TEST(isUndoneByCtrlC);
    CPPUNIT_TEST(leavesABootingVmAtCtrlC);
    CPPUNIT_TEST(endsAtItsTimeout);
    CPPUNIT_TEST_SUITE_END();

    test::TemporaryDirectory directory_;

    std::string file(const std::string& name, const std::string& content) const
    {
        std::ofstream(directory_.path() / name) << content;
        return directory_.path() / name;
    }

    static Result create(const FakeHost& host, std::vector<std::string> options,
                         const std::vector<std::string>& environment = {}, Stdout kind = Stdout::Pipe)
    {
        options.insert(options.begin(), {"create-vm", "--url", host.address()});
        return test::run(options, kind, environment);
    }

    static void launchAsUsual(FakeHost& host)
    {
        host.events = {
            test::stateEvent(v1::VM_STATE_UNSPECIFIED, v1::VM_STATE_PREPARING),
            test::stateEvent(v1::VM_STATE_PREPARING, v1::VM_STATE_LAUNCHING, "QEMU \x1b[1mstarted")};
        host.eventsAfterCreate = {
            test::stateEvent(v1::VM_STATE_LAUNCHING, v1::VM_STATE_BOOTING, "the guest runs"),
            test::stateEvent(v1::VM_STATE_BOOTING, v1::VM_STATE_RUNNING, "the agent answered")};
    }

    void sendsWhatItIsTold()
    {
        FakeHost host;
        launchAsUsual(host);
        const auto result = create(host, {"--server-url",
                                          "10.0.0.5:7011",
                                          "--server-ca",
                                          file("ca", "CA"),
                                          "--client-key",
                                          file("key", "KEY"),
                                          "--client-crt",
                                          file("crt", "CRT"),
                                          "--ca-url",
                                          "https://ca",
                                          "--log-level",
                                          "debug",
                                          "--certs-token",
                                          "TOKEN",
                                          "--aws-access-key-id",
                                          "AKIA",
                                          "--aws-secret-access-key",
                                          "SECRET",
                                          "--aws-endpoint-url",
                                          "http://minio",
                                          "--aws-region",
                                          "eu-central-1",
                                          "--aa-kbs-params",
                                          "cc_kbc::x",
                                          "--backend",
                                          "sev-snp",
                                          "--cpus",
                                          "3",
                                          "--memory",
                                          "1536M",
                                          "--kernel",
                                          "/img/k",
                                          "--initrd",
                                          "/img/i",
                                          "--cmdline",
                                          "quiet a=\"b c\"",
                                          "--host-data",
                                          "00FF",
                                          "--ttl",
                                          "1h30m500ms",
                                          "--label",
                                          "team=blue",
                                          "--label",
                                          "tier=test"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
        const v1::CreateVmRequest request = host.lastCreate();
        const v1::AgentConfig& agent = request.agent();
        const auto expectText = [](const std::string& expected, const std::string& actual) {
            CPPUNIT_ASSERT_EQUAL(expected, actual);
        };
        expectText("10.0.0.5:7011", agent.server_url());
        expectText("CA", agent.server_ca_cert());
        expectText("KEY", agent.client_key());
        expectText("CRT", agent.client_cert());
        expectText("https://ca", agent.ca_url());
        expectText("debug", agent.log_level());
        expectText("TOKEN", agent.certs_token());
        expectText("AKIA", agent.aws_access_key_id());
        expectText("SECRET", agent.aws_secret_access_key());
        expectText("http://minio", agent.aws_endpoint_url());
        expectText("eu-central-1", agent.aws_region());
        expectText("cc_kbc::x", agent.aa_kbs_params());
        expectText("sev-snp", request.backend());
        expectText("/img/k", request.kernel());
        expectText("/img/i", request.initrd());
        expectText("quiet a=\"b c\"", request.cmdline());
        CPPUNIT_ASSERT_EQUAL(std::string("\0\xff", 2), request.host_data());
        CPPUNIT_ASSERT_EQUAL(3u, request.vcpus());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1536} << 20, std::uint64_t{request.memory_bytes()});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{5400}, std::int64_t{request.ttl().seconds()});
        CPPUNIT_ASSERT_EQUAL(500'000'000, request.ttl().nanos());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, request.labels().size());
        expectText("test", request.labels().at("tier"));
    }

    void asksForNothingItIsNotTold()
    {
        FakeHost host;
        launchAsUsual(host);
        CPPUNIT_ASSERT_EQUAL(0, create(host, {}, {"AWS_ACCESS_KEY_ID=AKIA"}).exitCode);
        v1::CreateVmRequest request = host.lastCreate();
        const std::string key = request.idempotency_key();
        CPPUNIT_ASSERT_EQUAL(key, host.lastWatch().idempotency_key());
        CPPUNIT_ASSERT_MESSAGE(key, key.size() >= 32 && key.size() <= 64);
        request.clear_idempotency_key();
        request.mutable_agent(); // present, and empty
        v1::CreateVmRequest nothing;
        nothing.mutable_agent();
        CPPUNIT_ASSERT_EQUAL(nothing.DebugString(), request.DebugString());

        CPPUNIT_ASSERT_EQUAL(0, create(host, {}).exitCode);
        CPPUNIT_ASSERT(host.lastCreate().idempotency_key() != key);
    }

    void keepsTheTokenOffTheCommandLine()
    {
        FakeHost host;
        launchAsUsual(host);
        CPPUNIT_ASSERT_EQUAL(0, create(host, {"--certs-token-file", file("token", "TOKEN\r\n")}).exitCode);
        CPPUNIT_ASSERT_EQUAL(std::string("TOKEN"), host.lastCreate().agent().certs_token());
    }

    void takesS3CredentialsFromTheEnvironmentOnlyWhenAsked()
    {
        FakeHost host;
        launchAsUsual(host);
        const std::vector<std::string> environment{"AWS_ACCESS_KEY_ID=AKIA", "AWS_SECRET_ACCESS_KEY=SECRET"};
        CPPUNIT_ASSERT_EQUAL(0, create(host, {}, environment).exitCode);
        CPPUNIT_ASSERT_EQUAL(std::string(), host.lastCreate().agent().aws_secret_access_key());
        CPPUNIT_ASSERT_EQUAL(0, create(host, {"--aws-region", "eu-central-1"}, environment).exitCode);
        CPPUNIT_ASSERT_EQUAL(std::string("AKIA"), host.lastCreate().agent().aws_access_key_id());
        CPPUNIT_ASSERT_EQUAL(std::string("SECRET"), host.lastCreate().agent().aws_secret_access_key());
    }

    void refusesBadOptionsBeforeAnythingIsDone()
    {
        const std::string key = file("key", "KEY");
        const std::string empty = file("empty", "\n");
        const std::vector<std::vector<std::string>> rows = {
            {"--ttl", "soon"},
            {"--ttl", "-1s"},
            {"--ttl", "0"},
            {"--memory", "2048"},
            {"--memory", "lots"},
            {"--cpus", "0"},
            {"--cpus", "two"},
            {"--cpus", "4294967296"},
            {"--label", "nokey"},
            {"--host-data", "0"},
            {"--host-data", "0x00"},
            {"--host-data", "@/nonexistent"},
            {"--host-data", "@" + file("large", std::string(64 * 1024 + 1, 'x'))},
            {"--label", "a=1", "--label", "a=2"},
            {"--log-level", "loud"},
            {"--wait=stopped"},
            {"--wait-timeout", "5s"}, // without --wait
            {"--server-ca", "/nonexistent"},
            {"--client-key", key}, // without its certificate
            {"--certs-token", "x", "--certs-token-file", key},
            {"--certs-token-file", empty},
            {"--aws-access-key-id", "AKIA"}, // without its secret
            {"--ready", "soon"},
            {"--on-boot-timeout", "panic"},
            {"unexpected"},
            {"--unknown"},
        };
        for (auto row : rows) {
            const std::string shown = row.front() + " " + row.back();
            row.insert(row.begin(),
                       {"create-vm", "--url", "localhost:1"}); // would end with 5 if it came so far
            const Result result = test::run(row);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(shown + ": " + result.err, 2, result.exitCode);
            CPPUNIT_ASSERT_MESSAGE(result.err, result.err.starts_with("teehost: "));
            CPPUNIT_ASSERT_EQUAL(std::string(), result.out);
        }
    }

    void namesTheOptionWhoseTextIsNotUtf8()
    {
        const std::pair<std::string, std::string> rows[] = {{"--label", "k=\xff\xfe"},
                                                            {"--cmdline", "a\xff"},
                                                            {"--server-url", "\xc3(:1"},
                                                            {"--aa-kbs-params", "\xed\xa0\x80"},
                                                            {"--backend", "\x80"}};
        for (const auto& [option, value] : rows) {
            const Result result = test::run({"create-vm", "--url", "localhost:1", option, value});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 2, result.exitCode);
            CPPUNIT_ASSERT_MESSAGE(result.err, result.err.starts_with("teehost: " + option + ": "));
            CPPUNIT_ASSERT_MESSAGE(result.err, result.err.find("not UTF-8") != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(result.err, result.err.find("libprotobuf") == std::string::npos);
        }
        const Result token =
            test::run({"create-vm", "--url", "localhost:1", "--certs-token-file", file("token", "\xff\n")});
        CPPUNIT_ASSERT_EQUAL(2, token.exitCode);
        const Result environment =
            test::run({"create-vm", "--url", "localhost:1", "--aws-region", "x"}, Stdout::Pipe,
                      {"AWS_ACCESS_KEY_ID=\xff", "AWS_SECRET_ACCESS_KEY=s"});
        CPPUNIT_ASSERT_EQUAL(2, environment.exitCode);
        CPPUNIT_ASSERT(environment.err.find("AWS_ACCESS_KEY_ID") != std::string::npos);
    }

    void tellsNumbersWithTheirRange()
    {
        for (const auto* value : {"0", "-1", "two", "4294967296", "1.5", ""}) {
            const Result result =
                test::run({"create-vm", "--url", "localhost:1", "--cpus=" + std::string(value)});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 2, result.exitCode);
            CPPUNIT_ASSERT_MESSAGE(result.err, result.err.starts_with("teehost: --cpus: "));
        }
        const Result zero = test::run({"create-vm", "--url", "localhost:1", "--cpus", "0"});
        CPPUNIT_ASSERT_MESSAGE(zero.err, zero.err.find("from 1 to 4096") != std::string::npos);
    }

    void tellsARefusalOfTheDaemonWithTheOption()
    {
        FakeHost host;
        host.failure = {grpc::StatusCode::INVALID_ARGUMENT, "memory_bytes: 100000G is more than 30G"};
        const Result result = create(host, {"--memory", "100000G"});
        CPPUNIT_ASSERT_EQUAL(2, result.exitCode);
        CPPUNIT_ASSERT_MESSAGE(result.err,
                               result.err.starts_with("teehost: --memory: 100000G is more than 30G\n"));
    }

    void givesUpWaitingAtTheDaemonsBootTimeout()
    {
        FakeHost host;
        launchAsUsual(host);
        host.eventsAfterCreate.pop_back(); // it does not get to running
        v1::Event timeout;
        timeout.set_kind("boot-timeout");
        timeout.set_message("the guest gave no sign of life within 900s");
        host.eventsAfterCreate.push_back(timeout);
        const Result result = create(host, {"--wait"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 7, result.exitCode);
        CPPUNIT_ASSERT(result.err.find("it goes on") != std::string::npos);
    }

    void showsEachStateAsALine()
    {
        FakeHost host;
        launchAsUsual(host);
        const Result result = create(host, {"--wait=booting"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
        for (const char* expected :
             {"s  preparing\n", "s  launching  QEMU \\x1b[1mstarted\n", "s  booting    the guest runs\n",
              " is booting after ", "STATE      REACHED  LASTED", "agent    localhost:6100\n"})
            CPPUNIT_ASSERT_MESSAGE(std::string(expected) + " is not in " + result.out,
                                   result.out.find(expected) != std::string::npos);
        CPPUNIT_ASSERT(result.out.find('\x1b') == std::string::npos);
        CPPUNIT_ASSERT(result.out.find('\r') == std::string::npos);
    }

    void waitsUntilTheAgentAnswers()
    {
        FakeHost host;
        launchAsUsual(host);
        for (const char* wait : {"--wait", "--wait=running"}) {
            const Result result = create(host, {wait, "--wait-timeout", "20s"});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
            CPPUNIT_ASSERT(result.out.find("s  running    the agent answered\n") != std::string::npos);
            CPPUNIT_ASSERT(result.out.find(" is running after ") != std::string::npos);
        }
    }

    void printsOneJsonObject()
    {
        FakeHost host;
        launchAsUsual(host);
        const Result result = create(host, {"--wait", "--output", "json"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
        const json object = json::parse(result.out); // all of it is one value
        CPPUNIT_ASSERT_EQUAL(std::string(test::kFirstId), object["vm"]["id"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL(std::string("running"), object["vm"]["state"].get<std::string>());
        double previous = 0;
        for (const char* state : {"preparing", "launching", "booting", "running"}) {
            const double at = object["timings"].at(state).get<double>();
            CPPUNIT_ASSERT_MESSAGE(state, at >= previous);
            previous = at;
        }
        CPPUNIT_ASSERT(object["elapsed_seconds"].get<double>() >= previous);
    }

    void rewritesALineOnATerminal()
    {
        FakeHost host;
        launchAsUsual(host);
        const Result live = create(host, {"--wait"}, {}, Stdout::Terminal);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(live.err, 0, live.exitCode);
        CPPUNIT_ASSERT(live.out.find("\r\x1b[K") != std::string::npos);
        CPPUNIT_ASSERT(live.out.find("  running    the agent answered\r\x1b[K\r\n") != std::string::npos);
        CPPUNIT_ASSERT(live.out.find(" is running after ") != std::string::npos);

        const Result dumb = create(host, {"--wait"}, {"TERM=dumb"}, Stdout::Terminal);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(dumb.err, 0, dumb.exitCode);
        CPPUNIT_ASSERT(dumb.out.find('\x1b') == std::string::npos);
    }

    void tellsWhyAVmFailedWhileItBooted()
    {
        FakeHost host;
        launchAsUsual(host);
        host.eventsAfterCreate = {test::stateEvent(v1::VM_STATE_LAUNCHING, v1::VM_STATE_BOOTING),
                                  test::stateEvent(v1::VM_STATE_BOOTING, v1::VM_STATE_CLEANING),
                                  test::stateEvent(v1::VM_STATE_CLEANING, v1::VM_STATE_FAILED)};
        host.vms.front().set_state(v1::VM_STATE_FAILED);
        host.vms.front().set_cause("the guest panicked:\nteehost: \x1b[32mall is well");
        host.vms.front().set_remedy("use another kernel");
        const Result result = create(host, {"--wait"});
        CPPUNIT_ASSERT_EQUAL(1, result.exitCode);
        CPPUNIT_ASSERT_EQUAL("teehost: VM " + std::string(test::kFirstId) +
                                 " failed while it booted: the guest panicked:\n"
                                 "  teehost: \\x1b[32mall is well\n  hint: use another kernel\n",
                             result.err);
    }

    void givesUpWaitingInTime()
    {
        FakeHost host;
        launchAsUsual(host);
        host.eventsAfterCreate.pop_back(); // never running
        const Result result = create(host, {"--wait", "--wait-timeout", "200ms", "--output", "json"});
        CPPUNIT_ASSERT_EQUAL(7, result.exitCode);
        CPPUNIT_ASSERT_EQUAL(std::string(), result.out);
        CPPUNIT_ASSERT(result.err.find("is not running after --wait-timeout") != std::string::npos);
    }

    void tellsTheFailureOfALaunch()
    {
        FakeHost host;
        launchAsUsual(host);
        host.failure = {grpc::StatusCode::RESOURCE_EXHAUSTED, "10 of 10 VMs exist"};
        host.hint = "remove one, or raise vm.max";
        const Result result = create(host, {});
        CPPUNIT_ASSERT_EQUAL(6, result.exitCode);
        CPPUNIT_ASSERT_EQUAL(
            std::string("teehost: 10 of 10 VMs exist\n  hint: remove one, or raise vm.max\n"), result.err);
    }

    void isUndoneByCtrlC()
    {
        for (const int signal : {SIGINT, SIGTERM}) {
            FakeHost host;
            launchAsUsual(host);
            host.createHangs = true;
            Program program({"create-vm", "--url", host.address()});
            program.awaitOutput("launching");
            program.signal(signal);
            const Result result = program.wait();
            CPPUNIT_ASSERT_EQUAL(130, result.exitCode);
            CPPUNIT_ASSERT_EQUAL(std::string("teehost: interrupted; the daemon undoes the launch\n"),
                                 result.err);
            CPPUNIT_ASSERT(host.createWasCancelled());
        }
    }

    void leavesABootingVmAtCtrlC()
    {
        FakeHost host;
        launchAsUsual(host);
        host.eventsAfterCreate.pop_back(); // never running
        Program program({"create-vm", "--url", host.address(), "--wait"});
        program.awaitOutput("booting");
        program.signal(SIGINT);
        const Result result = program.wait();
        CPPUNIT_ASSERT_EQUAL(130, result.exitCode);
        CPPUNIT_ASSERT(result.err.find("interrupted while VM " + std::string(test::kFirstId) + " boots\n") !=
                       std::string::npos);
    }

    void endsAtItsTimeout()
    {
        FakeHost host;
        launchAsUsual(host);
        host.createHangs = true;
        const Result result = create(host, {"--timeout", "3s"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 7, result.exitCode);
        CPPUNIT_ASSERT(result.err.find("did not finish in time") != std::string::npos);
        CPPUNIT_ASSERT(host.createWasCancelled());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(CreateVmTest);

} // namespace
} // namespace teehost::cli
