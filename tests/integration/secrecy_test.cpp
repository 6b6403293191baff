// SPDX-License-Identifier: Apache-2.0
//
// What a VM is given stays with it: canaries that must turn up nowhere else, and the fences around files and
// processes.
#include <algorithm>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include "support/cli.h"
#include "support/host_test.h"
#include "support/http.h"
#include "support/proc.h"
#include "support/qemu_wrapper.h"

namespace teehost::test {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kCanaries{"canary-key-5a1f", "canary-token-5a1f", "canary-id-5a1f",
                                         "canary-secret-5a1f", "canary-certificate-5a1f"};

v1::CreateVmRequest requestWithCanaries()
{
    v1::CreateVmRequest request;
    auto& agent = *request.mutable_agent();
    agent.set_client_key(kCanaries[0]);
    agent.set_certs_token(kCanaries[1]);
    agent.set_aws_access_key_id(kCanaries[2]);
    agent.set_aws_secret_access_key(kCanaries[3]);
    agent.set_client_cert(kCanaries[4]);
    return request;
}

void requireNoCanary(const std::string& where, const std::string& text)
{
    for (const auto& canary : kCanaries)
        CPPUNIT_ASSERT_MESSAGE(canary + " is in " + where, text.find(canary) == std::string::npos);
}

class SecrecyTest final : public HostTest {
    CPPUNIT_TEST_SUITE(SecrecyTest);
    CPPUNIT_TEST(tellsSecretsToTheGuestAlone);
    CPPUNIT_TEST(tellsNoSecretWhenALaunchFails);
    CPPUNIT_TEST(keepsFilesToItself);
    CPPUNIT_TEST(confinesQemu);
    CPPUNIT_TEST(runsQemuAsAnotherAccount);
    CPPUNIT_TEST(bindsTheAgentsPortToThisHost);
    CPPUNIT_TEST(refusesDirectoriesOthersCanReach);
    CPPUNIT_TEST(doesNotShareItsPorts);
    CPPUNIT_TEST_SUITE_END();

    /// Everything the daemon tells anybody, or leaves on disk outside of the VM's own directory.
    void requireNothingTold(const std::string& vm)
    {
        requireNoCanary("the log", daemon().log());
        for (const auto& event : client().events())
            requireNoCanary("an event", event.ShortDebugString());
        requireNoCanary("the settings",
                        client().ask(&Host::GetConfig, v1::GetConfigRequest()).ShortDebugString());
        requireNoCanary("the VM's description", client().getVm(vm).ShortDebugString());
        requireNoCanary("the metrics", httpGet("http://" + daemon().httpAddress() + "/metrics").body);
        for (const auto& root : {stage().state(), stage().logs()})
            for (const auto& entry : fs::recursive_directory_iterator(root))
                if (entry.is_regular_file())
                    requireNoCanary(entry.path(), readFile(entry.path()));
    }

    void tellsSecretsToTheGuestAlone()
    {
        startDaemon({{"log.level", "trace"}, {"qemu.kernel.cmdline", quickCmdline("teehost.selftest=1")}});
        const auto vm = runVm(requestWithCanaries());
        // They are where they belong, or the rest would prove nothing.
        requireContains(readFile(stage().runDir(vm.id()) / "env/environment"), kCanaries[3]);
        requireContains(client().console(vm.id()), sha256(kCanaries[0]));
        requireNothingTold(vm.id());
        for (const auto& argument : argvOf(vm.pid()))
            requireNoCanary("QEMU's command line", argument);
        const auto proc = fs::path("/proc") / std::to_string(vm.pid());
        for (const pid_t process : {vm.pid(), daemon().pid()}) // no dump of either's memory
            requireContains(readFile(fs::path("/proc") / std::to_string(process) / "limits"),
                            "Max core file size        0                    0");
        requireNoCanary("QEMU's environment", readFile(proc / "environ"));
        requireNoCanary("QEMU's log", readFile(stage().logDir(vm.id()) / "qemu.log"));
        requireNoCanary("the console", client().console(vm.id()));
        requireNoCanary("the client's output",
                        runCli(stage(), daemon(), {"info", vm.id(), "--output", "json"}).output);
        client().removeVm(vm.id());
        for (const auto& entry : fs::recursive_directory_iterator(stage().runtime()))
            if (entry.is_regular_file())
                requireNoCanary(entry.path(), readFile(entry.path()));
    }

    void tellsNoSecretWhenALaunchFails()
    {
        startDaemon({{"log.level", "trace"}, {"qemu.bin_path", qemuWrapper(stage(), "exit 1")}});
        const auto failed = client().call(&Host::CreateVm, requestWithCanaries());
        requireStatus(failed.status, grpc::StatusCode::FAILED_PRECONDITION, "");
        requireNoCanary("the refusal", failed.status.error_message());
        auto invalid = requestWithCanaries();
        invalid.mutable_agent()->set_certs_token(kCanaries[1] + "\n");
        const auto refused = client().call(&Host::CreateVm, invalid);
        requireStatus(refused.status, grpc::StatusCode::INVALID_ARGUMENT, "certs_token");
        requireNoCanary("the refusal", refused.status.error_message());
        requireNothingTold(client().listVms(true).front().id());
        assertClean();
    }

    void keepsFilesToItself()
    {
        startDaemon({{"ovmf.code.file", "/usr/share/OVMF/OVMF_CODE.fd"}});
        const auto vm = client().createVm(requestWithCanaries());
        for (const auto& root : {stage().state(), stage().runtime(), stage().logs()}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(root, mode_t{0700}, modeOf(root));
            for (const auto& entry : fs::recursive_directory_iterator(root))
                if (entry.is_directory())
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(entry.path(), mode_t{0700}, modeOf(entry.path()));
        }
        const auto run = stage().runDir(vm.id());
        for (const auto& file : {run / "env/environment", run / "certs/key.pem", run / "certs/cert.pem",
                                 run / "qmp", stage().state() / "vm" / vm.id() / "vars.fd"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(file, mode_t{0600}, modeOf(file));
        for (const auto* log : {"console.log", "qemu.log"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(log, mode_t{0640}, modeOf(stage().logDir(vm.id()) / log));
        client().removeVm(vm.id());
        assertClean();
    }

    void confinesQemu()
    {
        startDaemon();
        const auto vm = client().createVm();
        CPPUNIT_ASSERT_EQUAL(std::string("1"), statusOf(vm.pid(), "NoNewPrivs"));
        CPPUNIT_ASSERT_EQUAL(std::string("2"), statusOf(vm.pid(), "Seccomp")); // a filter, seccomp(2)
        CPPUNIT_ASSERT_EQUAL(std::string("0177"), statusOf(vm.pid(), "Umask"));
        const auto proc = fs::path("/proc") / std::to_string(vm.pid());
        CPPUNIT_ASSERT_EQUAL(fs::path("/"), fs::read_symlink(proc / "cwd"));
        requireContains(readFile(proc / "limits"), "Max core file size        0                    0");
        // Of the daemon's files it has only its QMP socket and its log.
        const auto daemonsLog = fs::read_symlink(fs::path("/proc") / std::to_string(daemon().pid()) / "fd/2");
        for (const auto& entry : fs::directory_iterator(proc / "fd")) {
            std::error_code closed;
            CPPUNIT_ASSERT(fs::read_symlink(entry.path(), closed) != daemonsLog);
        }
        client().removeVm(vm.id());
    }

    void runsQemuAsAnotherAccount()
    {
        fs::permissions(stage().scratch.path(), fs::perms(0711), fs::perm_options::replace);
        startDaemon({{"qemu.user", "nobody"}, {"qemu.kernel.cmdline", quickCmdline("teehost.selftest=1")}});
        if (::geteuid() != 0) { // only root can give a process away
            requireStatus(client().call(&Host::CreateVm, v1::CreateVmRequest()).status,
                          grpc::StatusCode::FAILED_PRECONDITION, "runs as root");
            return;
        }
        const auto vm = runVm(requestWithCanaries());
        const auto* account = ::getpwnam("nobody");
        const auto id = std::to_string(account->pw_uid);
        CPPUNIT_ASSERT_EQUAL(id + "\t" + id + "\t" + id + "\t" + id, statusOf(vm.pid(), "Uid"));
        CPPUNIT_ASSERT_EQUAL(std::string("0000000000000000"), statusOf(vm.pid(), "CapEff"));
        requireContains(client().console(vm.id()), sha256(kCanaries[0]));
        for (const auto& path :
             {stage().runDir(vm.id()), stage().runDir(vm.id()) / "certs",
              stage().runDir(vm.id()) / "certs/key.pem", stage().runDir(vm.id()) / "env/environment"}) {
            struct stat status {};
            CPPUNIT_ASSERT_EQUAL(0, ::stat(path.c_str(), &status));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(path, account->pw_uid, status.st_uid);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(path, 0u, status.st_mode & 0077);
        }
        client().removeVm(vm.id());
        assertClean();
    }

    void bindsTheAgentsPortToThisHost()
    {
        startDaemon();
        const auto vm = client().createVm();
        int found = 0;
        for (const auto& listener : listeners())
            if (listener.port == vm.agent_port()) {
                CPPUNIT_ASSERT_EQUAL(std::string("127.0.0.1"), listener.address);
                ++found;
            }
        CPPUNIT_ASSERT_EQUAL(1, found);
        CPPUNIT_ASSERT_EQUAL("127.0.0.1:" + std::to_string(vm.agent_port()), vm.agent_address());
        client().removeVm(vm.id());
    }

    void refusesDirectoriesOthersCanReach()
    {
        const auto open = stage().scratch / "open";
        fs::create_directories(open);
        fs::permissions(open, fs::perms(0777), fs::perm_options::replace);
        fs::create_directory_symlink(open, stage().scratch / "link");
        struct Row {
            fs::path directory;
            std::string words;
        };
        for (const auto& row :
             {Row{open, "can be written by others"}, Row{stage().scratch / "link", "symbolic link"}})
            for (const auto* key : {"state.dir", "runtime.dir", "log.dir"}) {
                const auto ended =
                    runDaemon(stage(), {.settings = with(quickSettings(stage()), {{key, row.directory}})});
                CPPUNIT_ASSERT(ended.status != 0);
                requireContains(ended.errors, row.words);
            }
    }

    void doesNotShareItsPorts()
    {
        startDaemon();
        const auto portOf = [](const std::string& address) { return address.substr(address.rfind(':') + 1); };
        const Stage other;
        for (const auto& [key, port] :
             {std::pair<std::string, std::string>{"grpc.port", portOf(daemon().grpcAddress())},
              {"http.port", portOf(daemon().httpAddress())}}) {
            const auto ended = runDaemon(other, {.settings = with(quickSettings(other), {{key, port}})});
            CPPUNIT_ASSERT(ended.status != 0);
            requireContains(ended.errors, "cannot listen on");
            requireContains(ended.errors, port);
        }
        CPPUNIT_ASSERT(client().listVms().empty());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SecrecyTest);

} // namespace
} // namespace teehost::test
