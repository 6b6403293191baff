// SPDX-License-Identifier: Apache-2.0
#include "host/launch/vm_spec.h"

#include <cppunit/extensions/HelperMacros.h>
#include <sys/stat.h>

#include "host/base/error.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::launch {
namespace {

using namespace std::chrono_literals;

class VmSpecTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(VmSpecTest);
    CPPUNIT_TEST(anEmptyRequestGetsTheDefaults);
    CPPUNIT_TEST(writesTheEnvironmentInOrderOfTheNames);
    CPPUNIT_TEST(namesCertificatesThatTheRequestCarries);
    CPPUNIT_TEST(refusesInjectionsAndNamesTheField);
    CPPUNIT_TEST(kbsParametersMayBeUrls);
    CPPUNIT_TEST(everyApiNamesItsOwnFields);
    CPPUNIT_TEST(neverShowsASecret);
    CPPUNIT_TEST(appendsTheKbsParameters);
    CPPUNIT_TEST(boundsWhatARequestMayAskFor);
    CPPUNIT_TEST(aTtlHasTheOperatorsLimit);
    CPPUNIT_TEST(anAgentThatDialsAServiceMayKeepItsPortClosed);
    CPPUNIT_TEST(aCommandLineNeedsPermission);
    CPPUNIT_TEST(imagesComeFromTheImageDirectories);
    CPPUNIT_TEST(missingImagesSayWhatToDo);
    CPPUNIT_TEST_SUITE_END();

    ScratchDir dir_;

    std::string refusal(const VmRequest& request, std::vector<std::string> overrides = {})
    {
        try {
            (void)validate(request, hostSettings(dir_, std::move(overrides)));
        } catch (const Error& error) {
            return std::string(categoryName(error.category())) + " " + describe(error);
        }
        return "(accepted)";
    }

    void anEmptyRequestGetsTheDefaults()
    {
        const auto vm = validate({}, hostSettings(dir_));
        CPPUNIT_ASSERT_EQUAL(4u, vm.spec.vcpus);
        CPPUNIT_ASSERT_EQUAL(64u, vm.spec.maxVcpus);
        CPPUNIT_ASSERT_EQUAL(2048ull << 20, static_cast<unsigned long long>(vm.spec.memoryBytes));
        CPPUNIT_ASSERT_EQUAL(std::string("quiet console=null"), vm.spec.cmdline);
        CPPUNIT_ASSERT(!vm.spec.ttl);
        CPPUNIT_ASSERT(vm.secrets.certs.empty());
    }

    void writesTheEnvironmentInOrderOfTheNames()
    {
        VmRequest request;
        request.agent.logLevel = "debug";
        request.agent.serverUrl = "host:7001";
        request.agent.awsRegion = "eu";
        const auto vm = validate(request, hostSettings(dir_));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, vm.secrets.env.size());
        CPPUNIT_ASSERT_EQUAL(std::string("environment"), vm.secrets.env[0].name);
        CPPUNIT_ASSERT_EQUAL(
            "AGENT_CERTS_TOKEN=\nAGENT_CVM_CA_URL=\nAGENT_CVM_GRPC_URL=host:7001\nAGENT_CVM_ID=" +
                vm.spec.id.text() + "\nAGENT_LOG_LEVEL=debug\nAWS_REGION=eu\n",
            std::string(vm.secrets.env[0].content.reveal()));
    }

    void namesCertificatesThatTheRequestCarries()
    {
        VmRequest request;
        request.agent.clientKey = Secret("KEY\nLINES\n");
        const auto vm = validate(request, hostSettings(dir_));
        const std::string environment(vm.secrets.env[0].content.reveal());
        CPPUNIT_ASSERT(environment.find("AGENT_CVM_GRPC_CLIENT_KEY=/etc/certs/key.pem\n") !=
                       std::string::npos);
        CPPUNIT_ASSERT(environment.find("CLIENT_CERT") == std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, vm.secrets.certs.size());
        CPPUNIT_ASSERT_EQUAL(std::string("key.pem"), vm.secrets.certs[0].name);
        CPPUNIT_ASSERT_EQUAL(std::string("KEY\nLINES\n"), std::string(vm.secrets.certs[0].content.reveal()));
    }

    void refusesInjectionsAndNamesTheField()
    {
        const std::string hostile[] = {"a\nB=c",   "a\rb",     std::string("a\0b", 3),
                                       "a\x1b[2J", "\xff\xfe", std::string(20000, 'x')};
        for (const auto& value : hostile) {
            VmRequest request;
            request.agent.logLevel = value;
            CPPUNIT_ASSERT(refusal(request).starts_with("INVALID_ARGUMENT agent.log_level: "));
            request = {};
            request.agent.awsSecretAccessKey = Secret(value);
            CPPUNIT_ASSERT(refusal(request).starts_with("INVALID_ARGUMENT agent.aws_secret_access_key: "));
            request = {};
            request.agent.serverUrl = value;
            CPPUNIT_ASSERT(refusal(request).starts_with("INVALID_ARGUMENT agent.server_url: "));
        }
        const std::string refused[] = {"a b",  "a\tb",     "a\nb",  "\"a\"",          "a'b",
                                       "a\\b", "\xc3\xbc", "a\x7f", "x init=/bin/sh", std::string(1025, 'a')};
        for (const auto& value : refused) {
            VmRequest request;
            request.agent.aaKbsParams = value;
            CPPUNIT_ASSERT_MESSAGE(value,
                                   refusal(request).starts_with("INVALID_ARGUMENT agent.aa_kbs_params: "));
        }
    }

    void kbsParametersMayBeUrls()
    {
        for (const std::string value : {"cc_kbc::http://[::1]:8080/x?y=1&z=2#f",
                                        "http://user:pass@kbs.example.com:8080/~a/b;c=d,e!$*()",
                                        "https://kbs.example.com/%20?q=a+b&r=[1]|{2}^`"}) {
            VmRequest request;
            request.agent.aaKbsParams = value;
            const auto cmdline = validate(request, hostSettings(dir_)).spec.cmdline;
            CPPUNIT_ASSERT_MESSAGE(cmdline, cmdline.ends_with(" agent.aa_kbc_params=" + value));
        }
    }

    void everyApiNamesItsOwnFields()
    {
        VmRequest request;
        request.names = &kManagerFieldNames;
        request.agent.logLevel = "a\nb";
        CPPUNIT_ASSERT(refusal(request).starts_with("INVALID_ARGUMENT agent_log_level: "));
        request = {};
        request.names = &kManagerFieldNames;
        request.agent.aaKbsParams = "a b";
        CPPUNIT_ASSERT(refusal(request).starts_with("INVALID_ARGUMENT aa_kbs_params: "));
    }

    void neverShowsASecret()
    {
        VmRequest request;
        request.agent.certsToken = Secret("CANARY\n");
        CPPUNIT_ASSERT(refusal(request).find("CANARY") == std::string::npos);
    }

    void appendsTheKbsParameters()
    {
        VmRequest request;
        request.agent.aaKbsParams = "cc_kbc::http://10.0.2.2:8080";
        CPPUNIT_ASSERT_EQUAL(
            std::string("quiet console=null agent.aa_kbc_params=cc_kbc::http://10.0.2.2:8080"),
            validate(request, hostSettings(dir_)).spec.cmdline);
        const std::string full(2040, 'x');
        CPPUNIT_ASSERT(
            refusal(request, {"qemu.kernel.cmdline=" + full}).find("more than the kernel's 2047") !=
            std::string::npos);
    }

    void boundsWhatARequestMayAskFor()
    {
        struct Row {
            std::string field;
            VmRequest request;
        };
        std::vector<Row> rows;
        const auto add = [&](const char* field, auto change) {
            rows.push_back({field, {}});
            change(rows.back().request);
        };
        add("vcpus", [](auto& r) { r.vcpus = 0; });
        add("vcpus", [](auto& r) { r.vcpus = 65; });
        add("vcpus", [](auto& r) { r.vcpus = 0xFFFFFFFF; });
        add("memory_bytes", [](auto& r) { r.memoryBytes = 0; });
        add("memory_bytes", [](auto& r) { r.memoryBytes = (512u << 20) + 1; });
        add("memory_bytes", [](auto& r) { r.memoryBytes = ~0ull; });
        add("memory_bytes", [](auto& r) { r.memoryBytes = 31ull << 30; });
        add("ttl", [](auto& r) { r.ttl = 0ns; });
        add("ttl", [](auto& r) { r.ttl = -1s; });
        add("ready", [](auto& r) { r.ready = "soon"; });
        add("idempotency_key", [](auto& r) { r.idempotencyKey = "a b"; });
        add("idempotency_key", [](auto& r) { r.idempotencyKey = std::string(65, 'a'); });
        add("labels", [](auto& r) { r.labels[""] = "x"; });
        add("labels", [](auto& r) { r.labels["a b"] = "x"; });
        add("labels", [](auto& r) { r.labels["a"] = "x\n"; });
        add("labels", [](auto& r) { r.labels["a"] = std::string(256, 'x'); });
        add("labels", [](auto& r) {
            for (int i = 0; i < 65; ++i)
                r.labels["k" + std::to_string(i)] = "";
        });
        add("host_data", [](auto& r) { r.hostData.resize(64 * 1024 + 1); });
        add("kernel", [](auto& r) { r.kernel = "/etc/passwd"; });
        add("cmdline", [](auto& r) { r.cmdline = "init=/bin/sh"; });
        for (const auto& row : rows) {
            const auto text = refusal(row.request);
            CPPUNIT_ASSERT_MESSAGE(row.field + " -> " + text,
                                   text.starts_with("INVALID_ARGUMENT " + row.field + ": "));
        }
        VmRequest good;
        good.vcpus = 64;
        good.memoryBytes = 30ull << 30;
        good.ttl = 24h * 365 * 200; // there is no limit unless the operator sets one
        good.labels["team/name"] = "x y";
        good.hostData.resize(64 * 1024);
        CPPUNIT_ASSERT_EQUAL(std::string("(accepted)"), refusal(good));
    }

    void aTtlHasTheOperatorsLimit()
    {
        VmRequest request;
        request.ttl = 721h;
        CPPUNIT_ASSERT_EQUAL(std::string("(accepted)"), refusal(request));
        CPPUNIT_ASSERT(
            refusal(request, {"vm.max_ttl=720h"}).starts_with("INVALID_ARGUMENT ttl: must be at most 720h"));
    }

    void anAgentThatDialsAServiceMayKeepItsPortClosed()
    {
        struct Row {
            std::string setting, request, serverUrl, ready;
        };
        const Row rows[] = {{"auto", "", "", "port"},
                            {"auto", "", "host:7011", "guest"},
                            {"auto", "port", "host:7011", "port"},
                            {"port", "", "host:7011", "port"},
                            {"port", "auto", "host:7011", "guest"},
                            {"none", "", "", "none"},
                            {"auto", "none", "", "none"},
                            {"none", "guest", "", "guest"}};
        for (const auto& row : rows) {
            VmRequest request;
            request.ready = row.request;
            request.agent.serverUrl = row.serverUrl;
            const auto settings = hostSettings(dir_, {"agent.ready=" + row.setting});
            CPPUNIT_ASSERT_EQUAL(row.ready, validate(request, settings).spec.ready);
        }
        VmRequest request;
        CPPUNIT_ASSERT(!validate(request, hostSettings(dir_)).spec.endOnBootTimeout);
        const auto ending = hostSettings(dir_, {"vm.on_boot_timeout=end"});
        CPPUNIT_ASSERT(validate(request, ending).spec.endOnBootTimeout);
        request.endOnBootTimeout = false;
        CPPUNIT_ASSERT(!validate(request, ending).spec.endOnBootTimeout);
    }

    void aCommandLineNeedsPermission()
    {
        VmRequest request;
        request.cmdline = "quiet \"a b\"";
        CPPUNIT_ASSERT_EQUAL(std::string("quiet \"a b\""),
                             validate(request, hostSettings(dir_, {"vm.allow_cmdline=true"})).spec.cmdline);
        for (const std::string value : {"a\nb", "\x1b", "\xc3\xbc"}) {
            request.cmdline = value;
            CPPUNIT_ASSERT(
                refusal(request, {"vm.allow_cmdline=true"}).starts_with("INVALID_ARGUMENT cmdline: "));
        }
    }

    void imagesComeFromTheImageDirectories()
    {
        const auto images = dir_.path() / "images";
        std::filesystem::create_directory(images);
        std::filesystem::create_directory(dir_.path() / "images-evil");
        std::ofstream(images / "good") << "x";
        const auto outside = dir_.write("outside", "x");
        std::ofstream(dir_.path() / "images-evil" / "k") << "x";
        std::filesystem::create_symlink(outside, images / "escape");
        std::filesystem::create_symlink(images / "good", images / "inside");
        const std::string allowed = "vm.image_dirs=" + images.string();
        VmRequest request;
        request.kernel = (images / "inside").string();
        CPPUNIT_ASSERT_EQUAL((std::filesystem::canonical(images) / "good").string(),
                             validate(request, hostSettings(dir_, {allowed})).spec.kernel);
        for (const auto& path : {outside, (images / "escape").string(), (images / "../outside").string(),
                                 (images / "missing").string(), std::string("relative"),
                                 (dir_.path() / "images-evil/k").string(), std::string("/a\nb")}) {
            request.kernel = path;
            CPPUNIT_ASSERT_MESSAGE(path,
                                   refusal(request, {allowed}).starts_with("INVALID_ARGUMENT kernel: "));
        }
        ::mkfifo((images / "fifo").c_str(), 0600);
        request.kernel = (images / "fifo").string();
        CPPUNIT_ASSERT(refusal(request, {allowed}).find("not a regular file") != std::string::npos);
    }

    void missingImagesSayWhatToDo()
    {
        const auto text = refusal({}, {"qemu.kernel.file=/no/kernel"});
        CPPUNIT_ASSERT_MESSAGE(text,
                               text.starts_with("FAILED_PRECONDITION cannot open kernel \"/no/kernel\""));
        CPPUNIT_ASSERT_MESSAGE(text, text.find("MANAGER_QEMU_DISK_IMG_KERNEL_FILE") != std::string::npos);
        CPPUNIT_ASSERT(refusal({}, {"qemu.kernel.initrd=/no/initrd"}).find("qemu.kernel.initrd") !=
                       std::string::npos);
        CPPUNIT_ASSERT(
            refusal({}, {"qemu.disk.enable=true", "qemu.disk.source=/no/disk"}).find("qemu.disk.source") !=
            std::string::npos);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(VmSpecTest);

} // namespace
} // namespace teehost::launch
