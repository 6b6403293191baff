// SPDX-License-Identifier: Apache-2.0
//
// Plugins as an operator meets them: one made outside of this tree with the installed SDK, and files that are
// none.
#include <algorithm>
#include <csignal>
#include <filesystem>

#include <cppunit/extensions/HelperMacros.h>

#include "support/host_test.h"
#include "support/proc.h"
#include "support/qemu_wrapper.h"

namespace teehost::test {
namespace {

namespace fs = std::filesystem;

/// Seconds that only this program's sidecars sleep.
const std::string kNap = "86" + std::to_string(100'000 + ::getpid() % 100'000);

class PluginTest final : public HostTest {
    CPPUNIT_TEST_SUITE(PluginTest);
    CPPUNIT_TEST(bootsAVmWithAPluginFromOutside);
    CPPUNIT_TEST(takesThePluginsOptionFromEveryLayer);
    CPPUNIT_TEST(stopsTheStartOnABadOptionOfAPlugin);
    CPPUNIT_TEST(refusesBrokenPluginsAndGoesOn);
    CPPUNIT_TEST(refusesAPluginThatWasCutShort);
    CPPUNIT_TEST(refusesBothPluginsOfOneId);
    CPPUNIT_TEST(saysWhyNoBackendIsThere);
    CPPUNIT_TEST(standsAPluginThatThrows);
    CPPUNIT_TEST(standsAPluginThatHangs);
    CPPUNIT_TEST(comesBackAfterAPluginThatCrashes);
    CPPUNIT_TEST(countsThePlatformsSlots);
    CPPUNIT_TEST(keepsSidecarsThroughARestart);
    CPPUNIT_TEST(undoesSidecarsThatACrashLeft);
    CPPUNIT_TEST(tellsThatASidecarEnded);
    CPPUNIT_TEST_SUITE_END();

    static fs::path example()
    {
        const fs::path path = TEEHOST_TEST_EXAMPLE_PLUGIN;
        if (!fs::exists(path))
            throw std::runtime_error("there is no example plugin: " + path.string() +
                                     " is missing; build it with `ctest -R abi.out-of-tree.example`");
        return path;
    }
    static fs::path plainKvm() { return fs::path(TEEHOST_TEST_PLUGINS) / "plain-kvm.so"; }

    /// A directory with copies of those plugins.
    fs::path pluginDirectory(const std::vector<fs::path>& plugins)
    {
        const auto directory = stage().scratch / "plugins";
        fs::create_directory(directory);
        for (const auto& plugin : plugins)
            fs::copy_file(plugin, directory / plugin.filename());
        return directory;
    }

    /// The settings file of somebody who uses the example plugin.
    DaemonOptions withConfigFile(const fs::path& plugins, const std::string& more = {})
    {
        const auto file = stage().scratch / "teehostd.properties";
        writeFile(file, "plugins.dir = " + plugins.string() + "\nbackend = example\n" + more);
        return {.settings = quickSettings(stage()), .arguments = {"--config", file}};
    }

    /// The greeting in QEMU's command line, from where the guest's firmware configuration has it.
    static std::string greetingOf(const v1::Vm& vm)
    {
        for (const auto& argument : argvOf(vm.pid()))
            if (argument.starts_with("name=opt/teehost/greeting,string="))
                return argument.substr(argument.find("string=") + 7);
        return {};
    }

    void bootsAVmWithAPluginFromOutside()
    {
        auto options = withConfigFile(pluginDirectory({example(), plainKvm()}),
                                      "example.greeting = hello, from a file\n");
        startExactly(options.settings, options);
        const auto vm = runVm();
        CPPUNIT_ASSERT_EQUAL(std::string("example"), vm.backend());
        CPPUNIT_ASSERT(isHealthy(vm.agent_address()));
        CPPUNIT_ASSERT_EQUAL(std::string("hello,, from a file"), greetingOf(vm));
        // The others stay within reach.
        v1::CreateVmRequest plain;
        plain.set_backend("plain-kvm");
        const auto second = client().createVm(plain);
        CPPUNIT_ASSERT_EQUAL(std::string("plain-kvm"), second.backend());
        CPPUNIT_ASSERT_EQUAL(std::string(), greetingOf(second));
        client().removeVm(vm.id());
        client().removeVm(second.id());
        assertClean();

        const auto backends = client().ask(&Host::ListBackends, v1::ListBackendsRequest());
        CPPUNIT_ASSERT_EQUAL(2, backends.backends_size());
        for (const auto& backend : backends.backends()) {
            CPPUNIT_ASSERT_EQUAL(backend.id() == "example", backend.selected());
            CPPUNIT_ASSERT(backend.usable());
        }
    }

    void takesThePluginsOptionFromEveryLayer()
    {
        const auto plugins = pluginDirectory({example()});
        const auto listed = [&](DaemonOptions options) {
            options.arguments.push_back("--list-options");
            const auto finished = runDaemon(stage(), options);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(finished.errors, 0, finished.status);
            const auto at = finished.output.find("example.greeting");
            CPPUNIT_ASSERT(at != std::string::npos);
            return finished.output.substr(at, finished.output.find('\n', at) - at);
        };
        requireContains(listed(withConfigFile(plugins)), "hello");
        requireContains(listed(withConfigFile(plugins)), "default");
        auto options = withConfigFile(plugins, "example.greeting = salut\n");
        requireContains(listed(options), "salut");
        requireContains(listed(options), "file ");
        options.environment["EXAMPLE_GREETING"] = "hola";
        requireContains(listed(options), "hola");
        requireContains(listed(options), "environment EXAMPLE_GREETING");
        options.settings["example.greeting"] = "ciao";
        requireContains(listed(options), "ciao");
        requireContains(listed(options), "command line");
    }

    void stopsTheStartOnABadOptionOfAPlugin()
    {
        auto options = withConfigFile(pluginDirectory({example()}));
        options.settings["example.greeting"] = "two\nlines";
        const auto finished = runDaemon(stage(), options);
        CPPUNIT_ASSERT(finished.status != 0);
        const auto refusal = finished.errors.substr(finished.errors.find("teehostd: "));
        requireContains(refusal, "example.greeting=two\\x0alines (command line)");
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{1}, std::count(refusal.begin(), refusal.end(), '\n'));

        auto unknown = withConfigFile(stage().scratch / "plugins");
        unknown.settings["example.greting"] = "x";
        requireContains(runDaemon(stage(), unknown).errors, "did you mean example.greeting?");
    }

    void refusesBrokenPluginsAndGoesOn()
    {
        const auto directory = pluginDirectory({plainKvm(), example()});
        writeFile(directory / "a-text.so", "this is not a program\n");
        writeFile(directory / "b-empty.so", "");
        fs::copy_file(TEEHOST_TEST_EMPTY_LIBRARY, directory / "d-no-entry.so");
        writeFile(directory / "e-writable.so", readFile(example()), 0775);
        fs::create_symlink(plainKvm(), directory / "f-link.so");
        fs::create_directory(directory / "g-directory.so");
        writeFile(directory / "h-ignored.so.disabled", "not looked at");
        const std::map<std::string, std::string> expected{{"a-text.so", "cannot be loaded"},
                                                          {"b-empty.so", "cannot be loaded"},
                                                          {"d-no-entry.so", "no symbol teehost_plugin_entry"},
                                                          {"e-writable.so", "can be written by its group"},
                                                          {"f-link.so", "symbolic link"},
                                                          {"g-directory.so", "not a regular file"}};
        startDaemon({{"plugins.dir", directory}});
        const auto answer = client().ask(&Host::ListBackends, v1::ListBackendsRequest());
        std::map<std::string, std::string> refused;
        for (const auto& plugin : answer.refused())
            refused[fs::path(plugin.path()).filename()] = plugin.reason();
        CPPUNIT_ASSERT_EQUAL(expected.size(), refused.size());
        for (const auto& [name, words] : expected) {
            CPPUNIT_ASSERT_MESSAGE(name, refused.contains(name));
            requireContains(refused.at(name), words);
            requireLacks(refused.at(name), "\n");
        }
        CPPUNIT_ASSERT_EQUAL(2, answer.backends_size());
        CPPUNIT_ASSERT_EQUAL(expected.size(), daemon().timesLogged("plugin refused"));
        const auto vm = client().createVm();
        client().removeVm(vm.id());
        assertClean();
    }

    /// As an interrupted copy leaves it: to map it is no error, to touch what is missing is SIGBUS.
    void refusesAPluginThatWasCutShort()
    {
        const auto directory = pluginDirectory({plainKvm()});
        const auto sound = readFile(example());
        writeFile(directory / "cut.so", sound.substr(0, sound.size() / 3));
        startDaemon({{"plugins.dir", directory}});
        const auto answer = client().ask(&Host::ListBackends, v1::ListBackendsRequest());
        CPPUNIT_ASSERT_EQUAL(1, answer.refused_size());
        CPPUNIT_ASSERT_EQUAL((directory / "cut.so").string(), answer.refused(0).path());
        CPPUNIT_ASSERT_EQUAL(1, answer.backends_size());
    }

    void refusesBothPluginsOfOneId()
    {
        const auto directory = pluginDirectory({plainKvm(), example()});
        fs::copy_file(example(), directory / "twin.so");
        startDaemon({{"plugins.dir", directory}});
        const auto answer = client().ask(&Host::ListBackends, v1::ListBackendsRequest());
        CPPUNIT_ASSERT_EQUAL(1, answer.backends_size());
        CPPUNIT_ASSERT_EQUAL(std::string("plain-kvm"), answer.backends(0).id());
        CPPUNIT_ASSERT_EQUAL(2, answer.refused_size());
        for (const auto& plugin : answer.refused())
            requireContains(plugin.reason(), "its id \"example\" is also that of");
    }

    void saysWhyNoBackendIsThere()
    {
        const auto empty = pluginDirectory({});
        const auto none =
            runDaemon(stage(), {.settings = with(quickSettings(stage()), {{"plugins.dir", empty}})});
        CPPUNIT_ASSERT(none.status != 0);
        requireContains(none.errors, "no backend can run on this host");
        const auto unknown =
            runDaemon(stage(), {.settings = with(quickSettings(stage()), {{"backend", "sev-snpp"}})});
        CPPUNIT_ASSERT(unknown.status != 0);
        requireContains(unknown.errors, "backend=sev-snpp");
        requireContains(unknown.errors, "plain-kvm");
        const auto missing = runDaemon(stage(), {.settings = quickSettings(stage()),
                                                 .environment = {{"MANAGER_QEMU_ENABLE_NOSUCH", "true"}}});
        CPPUNIT_ASSERT(missing.status != 0);
        requireContains(missing.errors,
                        "MANAGER_QEMU_ENABLE_NOSUCH=true asks for a backend that no loaded plugin");
    }

    /// A daemon whose backend misbehaves in that way; `plain-kvm` is there too.
    void startEvil(const std::string& options, const Settings& changes = {})
    {
        const auto file = stage().scratch / "teehostd.properties";
        writeFile(file, "plugins.dir = " + pluginDirectory({TEEHOST_TEST_EVIL_PLUGIN, plainKvm()}).string() +
                            "\nbackend = evil\n" + options);
        DaemonOptions daemonOptions{.settings = {}, .arguments = {"--config", file}};
        startExactly(with(quickSettings(stage()), changes), daemonOptions);
    }

    grpc::Status create(const std::string& backend = {})
    {
        v1::CreateVmRequest request;
        request.set_backend(backend);
        return client().call(&Host::CreateVm, request).status;
    }

    void standsAPluginThatThrows()
    {
        startEvil("evil.compose = throw\nevil.diagnose = throw\n");
        requireContains(create().error_message(), "the plugin threw this");
        assertClean();
        CPPUNIT_ASSERT(client().listVms(true).empty());
        CPPUNIT_ASSERT(create("plain-kvm").ok());
        client().removeVm(client().listVms().front().id());
    }

    void standsAPluginThatHangs()
    {
        startEvil("evil.compose = hang\n", {{"vm.launch_timeout", "2s"}});
        // As many as there are threads for plugins, and one more.
        for (int i = 0; i < 5; ++i)
            requireStatus(create(), grpc::StatusCode::DEADLINE_EXCEEDED, "a plugin did not answer in time");
        assertClean();
        CPPUNIT_ASSERT(client().listVms(true).empty());
        endDaemon(); // not kept by the calls that never return
    }

    void comesBackAfterAPluginThatCrashes()
    {
        startEvil("evil.compose = crash\n");
        requireStatus(create(), grpc::StatusCode::UNAVAILABLE, "");
        waitUntil("the daemon died", [&] { return !daemon().runs(); });
        daemon().crash();
        startAgain();
        CPPUNIT_ASSERT(client().listVms(true).empty());
        assertClean();
    }

    /// The processes of the sidecar that the plugin asks for; `sleep` of nobody else sleeps as long.
    std::vector<pid_t> sidecars()
    {
        std::vector<pid_t> found;
        for (const pid_t pid : processesWith(kNap))
            if (argvOf(pid).size() == 2 && argvOf(pid)[1] == kNap)
                found.push_back(pid);
        return found;
    }

    void keepsSidecarsThroughARestart()
    {
        startEvil("evil.sidecar = true\nevil.nap = " + kNap + "\n",
                  {{"qemu.bin_path", standInQemu(stage())}, {"vm.on_shutdown", "keep"}});
        const auto vm = client().createVm();
        const auto before = sidecars();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, before.size());
        crashDaemon();
        startAgain();
        client().waitForState(vm.id(), v1::VM_STATE_BOOTING);
        CPPUNIT_ASSERT(before == sidecars());
        client().removeVm(vm.id());
        CPPUNIT_ASSERT(sidecars().empty());
        assertClean();
    }

    void undoesSidecarsThatACrashLeft()
    {
        startEvil("evil.sidecar = true\nevil.nap = " + kNap + "\n",
                  {{"qemu.bin_path", standInQemu(stage())}});
        for (const auto* fault : {"c3a", "c3b"}) {
            endDaemon();
            startAgain({}, {{"TEEHOST_FAULT", std::string(fault) + ":kill"}});
            requireStatus(create(), grpc::StatusCode::UNAVAILABLE, "");
            waitUntil("the daemon died", [&] { return !daemon().runs(); });
            daemon().crash();
            startAgain();
            waitUntil("what the fault left is undone",
                      [&] { return client().listVms().empty() && sidecars().empty(); });
            assertClean();
        }
    }

    void tellsThatASidecarEnded()
    {
        startEvil("evil.sidecar = true\nevil.nap = " + kNap + "\n");
        const auto vm = runVm();
        sendSignal(sidecars().at(0), SIGKILL);
        waitUntil("it is told", [&] {
            for (const auto& event : client().events(vm.id()))
                if (event.kind() == "sidecar-ended")
                    return event.message() == "the sidecar nap ended: killed by signal 9 (Killed)";
            return false;
        });
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_RUNNING, client().getVm(vm.id()).state());
        client().removeVm(vm.id());
        assertClean();
    }

    void countsThePlatformsSlots()
    {
        startEvil("evil.slots = 1\n");
        CPPUNIT_ASSERT(create().ok());
        requireStatus(create(), grpc::StatusCode::RESOURCE_EXHAUSTED,
                      "the platform has 1 evil slots, 1 are taken");
        client().removeVm(client().listVms().front().id());
        CPPUNIT_ASSERT(create().ok());
        client().removeVm(client().listVms().front().id());
        assertClean();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PluginTest);

} // namespace
} // namespace teehost::test
