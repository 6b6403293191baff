// SPDX-License-Identifier: Apache-2.0
//
// The command-line client and the daemon, both as programs: what a person or a script sees.
#include <csignal>
#include <sstream>

#include <cppunit/extensions/HelperMacros.h>
#include <nlohmann/json.hpp>

#include "support/cli.h"
#include "support/host_test.h"
#include "support/qemu_wrapper.h"
#include "support/selftest.h"

namespace teehost::test {
namespace {

using nlohmann::json;

// `teehost --help` lists them.
constexpr int kFailed = 1, kUsage = 2, kNotFound = 4, kUnreachable = 5, kExhausted = 6, kTimedOut = 7,
              kInterrupted = 130;

std::vector<json> jsonLines(const std::string& text)
{
    std::vector<json> all;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        all.push_back(json::parse(line));
    return all;
}

class CliTest final : public HostTest {
    CPPUNIT_TEST_SUITE(CliTest);
    CPPUNIT_TEST(leadsAVmThroughItsLife);
    CPPUNIT_TEST(describesTheDaemon);
    CPPUNIT_TEST(tellsFailuresByItsExitCode);
    CPPUNIT_TEST(undoesALaunchThatIsInterrupted);
    CPPUNIT_TEST(readsSecretsFromFilesAndTheEnvironment);
    CPPUNIT_TEST_SUITE_END();

    /// The output of a command that must end with that status.
    std::string run(const std::vector<std::string>& arguments, int status = 0,
                    const std::map<std::string, std::string>& environment = {})
    {
        const auto finished = runCli(stage(), daemon(), arguments, environment);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(arguments.front() + ": " + finished.errors + finished.output, status,
                                     finished.status);
        return status == 0 ? finished.output : finished.errors;
    }
    json runJson(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.end(), {"--output", "json"});
        return json::parse(run(arguments));
    }

    void leadsAVmThroughItsLife()
    {
        startDaemon();
        const auto created = runJson({"create-vm", "--server-url", "cvms.invalid:7011", "--label",
                                      "team=blue", "--ttl", "2h", "--memory", "320M", "--wait"});
        const auto& vm = created.at("vm");
        const std::string id = vm.at("id");
        CPPUNIT_ASSERT_EQUAL(std::string("running"), vm.at("state").get<std::string>());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{320} << 20, vm.at("memory_bytes").get<std::uint64_t>());
        CPPUNIT_ASSERT(isHealthy(vm.at("agent_address")));

        requireContains(run({"list"}), id);
        requireContains(run({"list", "--label", "team=blue"}), "team=blue");
        CPPUNIT_ASSERT_EQUAL(std::string(), run({"list", "--label", "team=red", "--quiet"}));
        const auto listed = runJson({"list"});
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, listed.at("vms").size());
        CPPUNIT_ASSERT_EQUAL(id, listed.at("vms").at(0).at("id").get<std::string>());

        const auto info = runJson({"info", id.substr(0, 8)});
        CPPUNIT_ASSERT_EQUAL(id, info.at("id").get<std::string>());
        CPPUNIT_ASSERT_EQUAL(std::string("plain-kvm"), info.at("backend").get<std::string>());
        requireContains(run({"console", id}), "AGENT_CVM_GRPC_URL=cvms.invalid:7011");
        requireContains(run({"events", id}), "-> running");
        const auto events = jsonLines(run({"events", id, "--output", "json"}));
        CPPUNIT_ASSERT_EQUAL(std::string("preparing"), events.front().at("state").get<std::string>());

        requireContains(run({"stop-vm", id}), "is stopped: stopped by a client");
        requireContains(run({"console", id}), "power button: powering off");
        CPPUNIT_ASSERT_EQUAL(std::string("no VMs\n"), run({"list"}));
        CPPUNIT_ASSERT_EQUAL(id + "\n", run({"list", "--all", "--quiet"}));
        requireContains(run({"remove-vm", id}), "removed " + id);
        requireContains(run({"remove-vm", id}, kNotFound), "teehost: ");
        CPPUNIT_ASSERT_EQUAL(std::string(), run({"list", "--all", "--quiet"}));
        waitUntil("its logs are gone", [&] { return !std::filesystem::exists(stage().logDir(id)); });
        assertClean();
    }

    void describesTheDaemon()
    {
        startDaemon();
        requireContains(run({"backends", "--checks"}), "plain-kvm");
        const auto backends = runJson({"backends"});
        CPPUNIT_ASSERT(backends.at("refused").empty());
        bool selected = false;
        for (const auto& backend : backends.at("backends"))
            selected = selected || (backend.at("id") == "plain-kvm" && backend.at("selected") == true);
        CPPUNIT_ASSERT(selected);

        const auto changed = run({"config", "--changed"});
        requireContains(changed, "qemu.host_fwd_range");
        requireContains(changed, "command line");
        requireLacks(changed, "vm.history");
        const auto info = runJson({"info"});
        CPPUNIT_ASSERT_EQUAL(stage().ports.text(),
                             info.at("defaults").at("qemu.host_fwd_range").get<std::string>());
    }

    void tellsFailuresByItsExitCode()
    {
        startDaemon({{"vm.max", "1"}, {"vm.allow_cmdline", "true"}});
        run({"create-vm", "--no-such-option"}, kUsage);
        run({"info", "4f6c1f5e-93a0-4a52-9d0e-5f3f0a6f1c11"}, kNotFound);
        requireContains(run({"create-vm", "--backend", "nosuch"}, kUsage), "nosuch");
        requireContains(run({"create-vm", "--aa-kbs-params", "a b"}, kUsage), "--aa-kbs-params");

        const std::string deaf = quickCmdline("teehost.fault=no-agent");
        requireContains(run({"create-vm", "--cmdline", deaf, "--wait", "--wait-timeout", "1s"}, kTimedOut),
                        "booting");
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, client().listVms().size());
        requireContains(run({"create-vm"}, kExhausted), "limit is 1");
        client().removeVm(client().listVms().front().id());

        // A guest that ends while somebody waits for it.
        requireContains(
            run({"create-vm", "--wait", "--cmdline", quickCmdline("teehost.fault=poweroff")}, kFailed),
            "the guest powered off");
        const auto elsewhere = runCommand({.argv = {cliCommand(daemon(), {}).argv.front(), "list", "--url",
                                                    "localhost:" + std::to_string(stage().ports.high())}},
                                          stage().scratch.path());
        CPPUNIT_ASSERT_EQUAL(kUnreachable, elsewhere.status);
        assertClean();
    }

    void undoesALaunchThatIsInterrupted()
    {
        const auto stuck = qemuWrapper(stage(), "touch \"$dir/launched\"; hang");
        startDaemon({{"qemu.bin_path", stuck}});
        auto command = cliCommand(daemon(), {"create-vm"});
        command.errors = stage().scratch / "errors";
        Child cli(command);
        waitUntil("QEMU is started", [&] { return std::filesystem::exists(stage().scratch / "launched"); });
        cli.signal(SIGINT);
        CPPUNIT_ASSERT_EQUAL(kInterrupted, cli.wait());
        requireContains(readFile(command.errors), "the daemon undoes the launch");
        waitUntilClean();
        CPPUNIT_ASSERT(client().listVms().empty());
    }

    void readsSecretsFromFilesAndTheEnvironment()
    {
        startDaemon({{"qemu.kernel.cmdline", quickCmdline("teehost.selftest=1")}});
        writeFile(stage().scratch / "token", "a token\n", 0600);
        writeFile(stage().scratch / "key", "the key\n", 0600);
        writeFile(stage().scratch / "crt", "the certificate\n");
        run({"create-vm", "--wait", "--certs-token-file", stage().scratch / "token", "--client-key",
             stage().scratch / "key", "--client-crt", stage().scratch / "crt", "--aws-region", "eu-west-1"},
            0, {{"AWS_ACCESS_KEY_ID", "AKIA"}, {"AWS_SECRET_ACCESS_KEY", "hush"}});
        const auto id = client().listVms().front().id();
        const auto given = parseSelftest(client().console(id));
        CPPUNIT_ASSERT_EQUAL(sha256("a token"), given.environment.at("AGENT_CERTS_TOKEN"));
        CPPUNIT_ASSERT_EQUAL(sha256("AKIA"), given.environment.at("AWS_ACCESS_KEY_ID"));
        CPPUNIT_ASSERT_EQUAL(sha256("hush"), given.environment.at("AWS_SECRET_ACCESS_KEY"));
        CPPUNIT_ASSERT_EQUAL(sha256("the key\n"), given.certificates.at("key.pem").sha256);
        CPPUNIT_ASSERT_EQUAL(sha256("the certificate\n"), given.certificates.at("cert.pem").sha256);
        client().removeVm(id);
        assertClean();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CliTest);

} // namespace
} // namespace teehost::test
