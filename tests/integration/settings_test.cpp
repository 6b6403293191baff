// SPDX-License-Identifier: Apache-2.0
//
// Settings from outside: files of every form, an environment file of the Cocos Manager, and what stops a
// start.
#include <sstream>

#include <cppunit/extensions/HelperMacros.h>

#include "settings_host_test.h"
#include "support/certificates.h"

namespace teehost::test {
namespace {

class SettingsTest final : public SettingsHostTest {
    CPPUNIT_TEST_SUITE(SettingsTest);
    CPPUNIT_TEST(readsEveryFormOfFile);
    CPPUNIT_TEST(servesOutOfAFile);
    CPPUNIT_TEST(layersCommandLineOverEnvironmentOverFile);
    CPPUNIT_TEST(takesTheEnvironmentOfACocosManager);
    CPPUNIT_TEST(warnsOfNamesNobodyKnows);
    CPPUNIT_TEST(stopsTheStartOnABadValue);
    CPPUNIT_TEST(stopsTheStartOnAFileThatCannotBeRead);
    CPPUNIT_TEST(stopsTheStartWhenTlsIsHalfConfigured);
    CPPUNIT_TEST(stopsTheStartOnPlaintextForOthers);
    CPPUNIT_TEST(emptyVariablesDoNotTurnTlsOff);
    CPPUNIT_TEST(resolvesPathsWhereItWasStarted);
    CPPUNIT_TEST(staysTheSameInstance);
    CPPUNIT_TEST_SUITE_END();

    /// "value source" of an option as the daemon sees it.
    std::string effective(DaemonOptions options, const std::string& key)
    {
        options.arguments.insert(options.arguments.begin(), "--list-options");
        const auto finished = runDaemon(stage(), options);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(finished.errors, 0, finished.status);
        std::istringstream lines(finished.output);
        for (std::string line; std::getline(lines, line);)
            if (line.starts_with(key + " "))
                return line.substr(line.find_first_not_of(' ', key.size()));
        return {};
    }

    DaemonOptions configFile(const std::string& name, const std::string& content)
    {
        writeFile(stage().scratch / name, content);
        return {.settings = {{"plugins.allow_own", "true"}},
                .arguments = {"--config", stage().scratch / name}};
    }

    void readsEveryFormOfFile()
    {
        const std::map<std::string, std::string> files{
            {"a.properties",
             "vm.max = 7\nqemu.kernel.cmdline = quiet a=b ${c}\nqemu.smp.count: 2\n# vm.max = 8\n"},
            {"a.ini", "[vm]\nmax = 7\n[qemu]\nkernel.cmdline = quiet a=b ${c}\nsmp.count = 2\n"},
            {"a.xml", "<config><vm><max>7</max></vm><qemu><kernel><cmdline>quiet a=b ${c}</cmdline></kernel>"
                      "<smp><count>2</count></smp></qemu></config>"},
            {"a.json",
             R"({"vm": {"max": 7}, "qemu": {"kernel": {"cmdline": "quiet a=b ${c}"}, "smp": {"count": 2}}})"}};
        for (const auto& [name, content] : files) {
            const auto options = configFile(name, content);
            const auto source = "file " + (stage().scratch / name).string();
            for (const auto& [key, value] : {std::pair("vm.max", "7"),
                                             {"qemu.kernel.cmdline", "quiet a=b ${c}"},
                                             {"qemu.smp.count", "2"}}) {
                const auto line = effective(options, key);
                CPPUNIT_ASSERT_MESSAGE(name + ": " + key + " " + line, line.starts_with(value));
                requireContains(line, source);
            }
            CPPUNIT_ASSERT_EQUAL(std::string(), check(options).errors);
        }
    }

    void servesOutOfAFile()
    {
        std::string content;
        for (const auto& [key, value] : quickSettings(stage()))
            content += key + " = " + value + "\n";
        startExactly({}, configFile("teehostd.properties", content));
        client().removeVm(client().createVm().id());
        assertClean();
    }

    void layersCommandLineOverEnvironmentOverFile()
    {
        auto options = configFile("a.properties", "vm.max = 3\n");
        requireContains(effective(options, "vm.max"), "3 ");
        options.environment["MANAGER_MAX_VMS"] = "4";
        requireContains(effective(options, "vm.max"), "environment MANAGER_MAX_VMS");
        options.settings["vm.max"] = "5";
        requireContains(effective(options, "vm.max"), "command line");
        options.settings.erase("vm.max");
        options.environment["MANAGER_MAX_VMS"] = ""; // as if it were not set
        CPPUNIT_ASSERT(effective(options, "vm.max").starts_with("3 "));
        options = configFile("a.properties", "");
        options.environment["MANAGER_GRPC_URL"] = "127.0.0.1:7101";
        CPPUNIT_ASSERT(effective(options, "grpc.port").starts_with("7101 "));
        CPPUNIT_ASSERT(effective(options, "grpc.host").starts_with("127.0.0.1 "));
    }

    void takesTheEnvironmentOfACocosManager()
    {
        const std::map<std::string, std::string> environment{
            {"MANAGER_LOG_LEVEL", "info"},
            {"MANAGER_INSTANCE_ID", ""},
            {"MANAGER_GRPC_HOST", "localhost"},
            {"MANAGER_GRPC_PORT", "7001"},
            {"MANAGER_GRPC_URL", "localhost:7001"},
            {"MANAGER_GRPC_TIMEOUT", "60s"},
            {"MANAGER_GRPC_SERVER_CERT", ""},
            {"MANAGER_GRPC_SERVER_KEY", ""},
            {"MANAGER_GRPC_SERVER_CA_CERTS", ""},
            {"MANAGER_GRPC_CLIENT_CA_CERTS", ""},
            {"MANAGER_GRPC_CLIENT_CERT", ""},
            {"MANAGER_GRPC_CLIENT_KEY", ""},
            {"MANAGER_HTTP_HOST", "localhost"},
            {"MANAGER_HTTP_PORT", "7003"},
            {"MANAGER_HTTP_SERVER_CERT", ""},
            {"MANAGER_HTTP_SERVER_KEY", ""},
            {"MANAGER_HTTP_SERVER_CA_CERTS", ""},
            {"MANAGER_HTTP_CLIENT_CA_CERTS", ""},
            {"MANAGER_MAX_VMS", "10"},
            {"MANAGER_EOS_VERSION", "1.0"},
            {"COCOS_JAEGER_URL", "http://localhost:4318"},
            {"COCOS_JAEGER_TRACE_RATIO", "1.0"},
            {"MANAGER_ATTESTATION_POLICY_BINARY", "../../build/attestation_policy"},
            {"MANAGER_QEMU_BIN_PATH", "qemu-system-x86_64"},
            {"MANAGER_QEMU_USE_SUDO", "false"},
            {"MANAGER_QEMU_MACHINE", "q35"},
            {"MANAGER_QEMU_CPU", "EPYC"},
            {"MANAGER_QEMU_ENABLE_KVM", "false"},
            {"MANAGER_QEMU_NO_GRAPHIC", "true"},
            {"MANAGER_QEMU_MONITOR", "none"},
            {"MANAGER_QEMU_SMP_COUNT", "4"},
            {"MANAGER_QEMU_SMP_MAXCPUS", "64"},
            {"MANAGER_QEMU_MEMORY_SIZE", "2048M"},
            {"MANAGER_QEMU_MEMORY_SLOTS", "5"},
            {"MANAGER_QEMU_MAX_MEMORY", "30G"},
            {"MANAGER_QEMU_MEM_ID", "ram1"},
            {"MANAGER_QEMU_HOST_FWD_RANGE", "6100-6200"},
            {"MANAGER_QEMU_HOST_FWD_AGENT", "7020"},
            {"MANAGER_QEMU_GUEST_FWD_AGENT", "7002"},
            {"MANAGER_QEMU_NETDEV_ID", "vmnic"},
            {"MANAGER_QEMU_VIRTIO_NET_PCI_DISABLE_LEGACY", "on"},
            {"MANAGER_QEMU_VIRTIO_NET_PCI_IOMMU_PLATFORM", "true"},
            {"MANAGER_QEMU_VIRTIO_NET_PCI_ADDR", "0x2"},
            {"MANAGER_QEMU_VIRTIO_NET_PCI_ROMFILE", ""},
            {"MANAGER_QEMU_DISK_IMG_KERNEL_FILE", "img/bzImage"},
            {"MANAGER_QEMU_DISK_IMG_ROOTFS_FILE", "img/rootfs.cpio.gz"},
            {"MANAGER_QEMU_KERNEL_CMDLINE", "quiet console=null"},
            {"MANAGER_QEMU_ENABLE_DISK", "false"},
            {"MANAGER_QEMU_SRC_DISK_FILE", "img/enc_os.qcow2"},
            {"MANAGER_QEMU_DISK_ID", "disk0"},
            {"MANAGER_QEMU_DISK_FORMAT", "qcow2"},
            {"MANAGER_QEMU_DISK_SCSI_ID", "scsi0"},
            {"MANAGER_QEMU_GPU_BDF", ""},
            {"MANAGER_QEMU_GPU_PCIE_ROOT_PORT", "pci.1"},
            {"MANAGER_QEMU_GPU_PCIE_BUS", "pcie.0"},
            {"MANAGER_QEMU_GPU_FW_CFG_MMIO_MB", "262144"},
            {"MANAGER_QEMU_CERTS_MOUNT", ""},
            {"MANAGER_QEMU_ENV_MOUNT", ""},
            {"MANAGER_QEMU_OVMF_CODE_IF", "pflash"},
            {"MANAGER_QEMU_OVMF_CODE_FORMAT", "raw"},
            {"MANAGER_QEMU_OVMF_CODE_UNIT", "0"},
            {"MANAGER_QEMU_OVMF_CODE_FILE", "/usr/share/OVMF/OVMF_CODE.fd"},
            {"MANAGER_QEMU_OVMF_CODE_READONLY", "on"},
            {"MANAGER_QEMU_OVMF_VARS_IF", "pflash"},
            {"MANAGER_QEMU_OVMF_VARS_FORMAT", "raw"},
            {"MANAGER_QEMU_OVMF_VARS_UNIT", "1"},
            {"MANAGER_QEMU_OVMF_VARS_FILE", "/usr/share/OVMF/OVMF_VARS.fd"},
            {"MANAGER_QEMU_OVMF_VERSION", "edk2-stable202408"},
            {"MANAGER_QEMU_ENABLE_SEV_SNP", "false"},
            {"MANAGER_QEMU_ENABLE_TDX", "false"}};
        const auto checked = check({.settings = {{"plugins.allow_own", "true"}}, .environment = environment});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(checked.errors, 0, checked.status);
        requireLacks(checked.errors, "is not known");
        // The daemon serves with it; only its directories and ports are the test's.
        Settings own;
        for (const auto& [key, value] : quickSettings(stage()))
            if (key.ends_with(".dir") || key.ends_with(".port") || key.starts_with("plugins.") ||
                key.starts_with("qemu.kernel.") || key == "qemu.host_fwd_range")
                own[key] = value;
        startExactly(own, {.settings = {}, .environment = environment});
        CPPUNIT_ASSERT_EQUAL(std::string("edk2-stable202408"),
                             client().ask(&Manager::CVMInfo, manager::CVMInfoReq()).ovmf_version());
    }

    void warnsOfNamesNobodyKnows()
    {
        auto options = configFile("a.properties", "vm.maxx = 3\n");
        options.environment = {
            {"MANAGER_GRPC_PROT", "7001"}, {"MANAGER_QEMU_DST_DISK_FILE", "x"}, {"OTHER_NAME", "x"}};
        const auto checked = check(options);
        CPPUNIT_ASSERT_EQUAL(0, checked.status);
        requireContains(checked.errors, "vm.maxx is not known and has no effect, did you mean vm.max?");
        requireContains(checked.errors,
                        "MANAGER_GRPC_PROT is not known and has no effect, did you mean MANAGER_GRPC_PORT?");
        requireContains(checked.errors, "MANAGER_QEMU_DST_DISK_FILE is ignored");
        requireLacks(checked.errors, "OTHER_NAME");
    }

    void stopsTheStartOnABadValue()
    {
        struct Row {
            const char* key;
            const char* value;
            const char* words;
        };
        constexpr Row kRows[] = {{"vm.max", "many", "number"},
                                 {"vm.max", "-1", "-1"},
                                 {"vm.max", "99999999999999999999999", "99999"},
                                 {"grpc.port", "65536", "0 to 65535"},
                                 {"grpc.port", "http", "http"},
                                 {"log.level", "loud", "error, warn, info, debug, trace"},
                                 {"qemu.enable_kvm", "maybe", "true or false"},
                                 {"grpc.timeout", "60", "60"},
                                 {"grpc.timeout", "1ms", "1s or more"},
                                 {"qemu.memory.size", "2Q", "2Q"},
                                 {"qemu.memory.size", "1M", "64M"},
                                 {"trace.ratio", "1.5", "0.0 to 1.0"},
                                 {"qemu.smp.count", "0", "1 to 4096"},
                                 {"ovmf.code.if", "ide", "pflash"},
                                 {"qemu.host_fwd_range", "6200-6100", "6200-6100"},
                                 {"qemu.host_fwd_range", "6100", "6100"},
                                 {"qemu.host_fwd_range", "0-70000", "0-70000"}};
        for (const auto& row : kRows) {
            auto settings = quickSettings(stage());
            settings[row.key] = row.value;
            const auto words = refusal(runDaemon(stage(), {.settings = settings}));
            requireContains(words, row.words);
            requireContains(words, row.value);
        }
        auto fromFile = configFile("a.json", R"({"vm": {"max": "many"}})");
        requireContains(refusal(check(fromFile)),
                        "vm.max=many (file " + (stage().scratch / "a.json").string() + ")");
        requireContains(refusal(check({.settings = {}, .environment = {{"MANAGER_MAX_VMS", "many"}}})),
                        "environment MANAGER_MAX_VMS");
        requireContains(refusal(check({.settings = {{"vm.mox", "3"}}})),
                        "there is no such option, did you mean vm.max?");
    }

    void stopsTheStartOnAFileThatCannotBeRead()
    {
        for (const auto& [name, content] : {std::pair<std::string, std::string>{"a.json", "{\"vm\": "},
                                            {"a.xml", "<config><vm>"},
                                            {"a.yaml", "vm: 1\n"},
                                            {"a.properties", std::string((1 << 20) + 1, '#')}})
            requireContains(refusal(check(configFile(name, content))), (stage().scratch / name).string());
        requireContains(
            refusal(check({.settings = {}, .arguments = {"--config", "/nonexistent.properties"}})),
            "/nonexistent.properties");
        const auto extra = check({.settings = {}, .arguments = {"surplus"}});
        CPPUNIT_ASSERT(extra.status != 0);
        requireContains(extra.errors, "unexpected argument \"surplus\"");
    }

    void stopsTheStartWhenTlsIsHalfConfigured()
    {
        const Authority authority(stage().scratch.path(), "ca");
        const auto server = authority.issue("server");
        const auto other = authority.issue("other");
        writeFile(stage().scratch / "garbage", "garbage");
        const std::string garbage = stage().scratch / "garbage";
        struct Row {
            Settings changes;
            std::string words;
        };
        for (const std::string prefix : {"grpc.", "http."}) {
            const Row rows[] = {
                {{{prefix + "server_cert", server.certificate}}, "without"},
                {{{prefix + "server_key", server.key}}, "without"},
                {{{prefix + "client_ca_certs", authority.certificate()}}, "without a server certificate"},
                {{{prefix + "server_cert", server.certificate}, {prefix + "server_key", other.key}},
                 "does not fit"},
                {{{prefix + "server_cert", garbage}, {prefix + "server_key", server.key}},
                 "no PEM certificate"},
                {{{prefix + "server_cert", server.certificate}, {prefix + "server_key", garbage}},
                 "no PEM private key"},
                {{{prefix + "server_cert", "/nonexistent"}, {prefix + "server_key", server.key}},
                 "cannot be read"}};
            for (const auto& row : rows) {
                const auto words =
                    refusal(runDaemon(stage(), {.settings = with(quickSettings(stage()), row.changes)}));
                requireContains(words, row.words);
                requireContains(words, prefix);
            }
        }
    }

    void stopsTheStartOnPlaintextForOthers()
    {
        const auto settings = with(quickSettings(stage()), {{"grpc.host", "0.0.0.0"}});
        requireContains(refusal(runDaemon(stage(), {.settings = settings})),
                        "grpc.host=0.0.0.0 is not a loopback address");
        startDaemon({{"grpc.host", "0.0.0.0"}, {"grpc.allow_plaintext", "true"}});
    }

    void emptyVariablesDoNotTurnTlsOff()
    {
        const Authority authority(stage().scratch.path(), "ca");
        const auto server = authority.issue("server");
        const std::string ca = authority.certificate();
        auto options = configFile("a.properties", "grpc.server_cert = " + server.certificate.string() +
                                                      "\ngrpc.server_key = " + server.key.string() +
                                                      "\ngrpc.client_ca_certs = " + ca + "\n");
        options.environment = {{"MANAGER_GRPC_SERVER_CERT", ""},
                               {"MANAGER_GRPC_SERVER_KEY", ""},
                               {"MANAGER_GRPC_CLIENT_CA_CERTS", ""}};
        CPPUNIT_ASSERT(effective(options, "grpc.client_ca_certs").starts_with(ca + " "));
        const auto checked = check(options);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(checked.errors, 0, checked.status);
        for (const auto& [name, value] : options.environment)
            requireContains(checked.errors, "warning: the environment variable " + name + " is empty");
        // Listing says it too: people look there for where a value comes from.
        options.arguments.insert(options.arguments.begin(), "--list-options");
        requireContains(runDaemon(stage(), options).errors, "MANAGER_GRPC_SERVER_KEY is empty");
    }

    void resolvesPathsWhereItWasStarted()
    {
        auto settings = quickSettings(stage());
        settings["state.dir"] = "s";
        settings["runtime.dir"] = "./r";
        settings["log.dir"] = "x/../l";
        startExactly(settings, {.settings = {}, .directory = stage().scratch.path()});
        for (const auto& directory : {stage().state(), stage().runtime(), stage().logs()})
            CPPUNIT_ASSERT(std::filesystem::is_directory(directory));
    }

    void staysTheSameInstance()
    {
        const auto instance = [&] {
            return client().ask(&Host::GetConfig, v1::GetConfigRequest()).instance_id();
        };
        startDaemon();
        const auto first = instance();
        endDaemon();
        startDaemon();
        CPPUNIT_ASSERT_EQUAL(first, instance());
        endDaemon();
        startDaemon({{"instance.id", "11111111-2222-4333-8444-555555555555"}});
        CPPUNIT_ASSERT_EQUAL(std::string("11111111-2222-4333-8444-555555555555"), instance());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SettingsTest);

} // namespace
} // namespace teehost::test
