// SPDX-License-Identifier: Apache-2.0
#include "host/settings/settings.h"

#include <cppunit/extensions/HelperMacros.h>

#include <filesystem>
#include <fstream>

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/settings/listing.h"

namespace teehost::settings {
namespace {

using namespace std::chrono_literals;

class SettingsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SettingsTest);
    CPPUNIT_TEST(theStrongerLayerWins);
    CPPUNIT_TEST(anEmptyVariableIsNotSet);
    CPPUNIT_TEST(anEmptyVariableDoesNotHideTheFile);
    CPPUNIT_TEST(anEmptyVariableDoesNotHideOthers);
    CPPUNIT_TEST(anEmptyKeyOfTheFileMeansTheDefault);
    CPPUNIT_TEST(theFirstOfSeveralVariablesWins);
    CPPUNIT_TEST(theUrlIsAShorthand);
    CPPUNIT_TEST(everyBadValueNamesItselfAndItsSource);
    CPPUNIT_TEST(takesOffWhatOthersPutAroundAValue);
    CPPUNIT_TEST(refusesPlaceholders);
    CPPUNIT_TEST(tellsEveryRefusalAtOnce);
    CPPUNIT_TEST(unknownNamesAreWarningsWithASuggestion);
    CPPUNIT_TEST(anUnknownKeyOnTheCommandLineIsRefused);
    CPPUNIT_TEST(deprecatedOptionsAreNamed);
    CPPUNIT_TEST(relativePathsAreMadeAbsolute);
    CPPUNIT_TEST(aPluginCannotTakeTheHostsNames);
    CPPUNIT_TEST(everyHostOptionCanBeReadByItsType);
    CPPUNIT_TEST(readsEveryKindOfFile);
    CPPUNIT_TEST(refusesBrokenFiles);
    CPPUNIT_TEST(sensitiveValuesAreNeverShown);
    CPPUNIT_TEST(theShippedFileIsValid);
    CPPUNIT_TEST_SUITE_END();

    std::vector<std::string> warnings_;

    Settings load(const Sources& sources, OptionTable table = hostOptions())
    {
        warnings_.clear();
        return loadSettings(std::move(table), sources, warnings_);
    }

    static Sources from(FileValues file, Environment environment, std::vector<std::string> overrides)
    {
        Sources sources;
        sources.file = "/etc/x.properties";
        sources.fileValues = std::move(file);
        sources.environment = std::move(environment);
        sources.overrides = std::move(overrides);
        sources.baseDir = "/start";
        return sources;
    }

    std::string refusal(const Sources& sources)
    {
        try {
            load(sources);
        } catch (const InvalidArgument& error) {
            return describe(error);
        }
        return "(accepted)";
    }

    void theStrongerLayerWins()
    {
        auto sources = from({{"qemu.smp.count", "1"}}, {}, {});
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, load(sources).number("qemu.smp.count"));
        sources.environment["MANAGER_QEMU_SMP_COUNT"] = "2";
        CPPUNIT_ASSERT_EQUAL(std::string("environment MANAGER_QEMU_SMP_COUNT"),
                             load(sources).find("qemu.smp.count")->source);
        sources.overrides = {"qemu.smp.count=3"};
        const auto settings = load(sources);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, settings.number("qemu.smp.count"));
        CPPUNIT_ASSERT_EQUAL(std::string("default"), settings.find("qemu.machine")->source);
        CPPUNIT_ASSERT(warnings_.empty());
    }

    void anEmptyVariableIsNotSet()
    {
        const auto settings =
            load(from({}, {{"MANAGER_QEMU_MACHINE", ""}, {"MANAGER_GRPC_CLIENT_KEY", ""}}, {}));
        CPPUNIT_ASSERT_EQUAL(std::string("q35"), settings.text("qemu.machine"));
        CPPUNIT_ASSERT_EQUAL(std::string("default"), settings.find("qemu.machine")->source);
        CPPUNIT_ASSERT_EQUAL(std::string(), join(warnings_, "; "));
    }

    void anEmptyVariableDoesNotHideTheFile()
    {
        const FileValues file{{"grpc.server_cert", "/c"}, {"grpc.server_key", "/k"}, {"qemu.machine", "q35"}};
        // Quotes that docker hands on, and blanks, are no value either.
        auto sources = from(
            file,
            {{"MANAGER_GRPC_SERVER_CERT", ""}, {"MANAGER_GRPC_SERVER_KEY", ""}, {"MANAGER_QEMU_MACHINE", ""}},
            {});
        const auto settings = load(sources);
        CPPUNIT_ASSERT_EQUAL(std::string("/c"), settings.text("grpc.server_cert"));
        CPPUNIT_ASSERT_EQUAL(std::string("/k"), settings.text("grpc.server_key"));
        CPPUNIT_ASSERT_EQUAL(
            std::string(
                "the environment variable MANAGER_GRPC_SERVER_CERT is empty, which counts as not set: "
                "grpc.server_cert has the value of the file /etc/x.properties"),
            warnings_.front());
        // The third variable would have said the same as the file.
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, warnings_.size());
        sources.environment = {{"MANAGER_GRPC_SERVER_CERT", "\"\""}, {"MANAGER_GRPC_SERVER_KEY", " \r"}};
        CPPUNIT_ASSERT_EQUAL(std::string("/c"), load(sources).text("grpc.server_cert"));
        CPPUNIT_ASSERT_EQUAL(std::string("/k"), load(sources).text("grpc.server_key"));
        CPPUNIT_ASSERT(join(warnings_, "\n").find("MANAGER_GRPC_SERVER_KEY is empty") != std::string::npos);
        // The command line hides the file, and so there is no more to say of the variable.
        sources.environment.erase("MANAGER_GRPC_SERVER_KEY");
        sources.overrides = {"grpc.server_cert=/other"};
        CPPUNIT_ASSERT_EQUAL(std::string("/other"), load(sources).text("grpc.server_cert"));
        CPPUNIT_ASSERT(join(warnings_, "\n").find("is empty") == std::string::npos);
    }

    void anEmptyVariableDoesNotHideOthers()
    {
        auto table = hostOptions();
        table.add({.key = "snp.cbit", .env = {"A_CBITPOS", "A_CBIT_POS"}, .type = OptionType::UInt});
        CPPUNIT_ASSERT_EQUAL(
            std::uint64_t{2},
            load(from({}, {{"A_CBITPOS", ""}, {"A_CBIT_POS", "2"}}, {}), table).number("snp.cbit"));
        CPPUNIT_ASSERT_EQUAL(
            std::uint64_t{9000},
            load(from({}, {{"MANAGER_GRPC_URL", "localhost:9000"}, {"MANAGER_GRPC_PORT", ""}}, {}))
                .number("grpc.port"));
    }

    void anEmptyKeyOfTheFileMeansTheDefault()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("q35"),
                             load(from({{"qemu.machine", ""}}, {}, {})).text("qemu.machine"));
    }

    void theFirstOfSeveralVariablesWins()
    {
        auto table = hostOptions();
        table.add({.key = "snp.cbit",
                   .env = {"A_CBITPOS", "A_CBIT_POS"},
                   .type = OptionType::UInt,
                   .defaultText = "51"});
        CPPUNIT_ASSERT_EQUAL(
            std::uint64_t{1},
            load(from({}, {{"A_CBITPOS", "1"}, {"A_CBIT_POS", "2"}}, {}), table).number("snp.cbit"));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2},
                             load(from({}, {{"A_CBIT_POS", "2"}}, {}), table).number("snp.cbit"));
    }

    void theUrlIsAShorthand()
    {
        auto settings = load(from({}, {{"MANAGER_GRPC_URL", "127.0.0.1:9000"}}, {}));
        CPPUNIT_ASSERT_EQUAL(std::string("127.0.0.1"), settings.text("grpc.host"));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{9000}, settings.number("grpc.port"));
        settings = load(from({}, {{"MANAGER_GRPC_URL", "[::1]:9000"}, {"MANAGER_GRPC_PORT", "9001"}}, {}));
        CPPUNIT_ASSERT_EQUAL(std::string("::1"), settings.text("grpc.host"));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{9001}, settings.number("grpc.port"));
        CPPUNIT_ASSERT(refusal(from({}, {{"MANAGER_GRPC_URL", "http://x:1"}}, {})).find("host:port") !=
                       std::string::npos);
        CPPUNIT_ASSERT(refusal(from({}, {{"MANAGER_GRPC_URL", "nothing"}}, {})).find("host:port") !=
                       std::string::npos);
    }

    void everyBadValueNamesItselfAndItsSource()
    {
        struct Row {
            std::string setting, allowed;
        };
        const Row rows[] = {{"qemu.smp.count=abc", "integer"},  {"qemu.smp.count=0", "1 to 4096"},
                            {"qemu.smp.count=-1", "integer"},   {"qemu.enable_kvm=maybe", "true or false"},
                            {"qemu.memory.size=2 GB", "2048M"}, {"qemu.memory.size=1M", "64M or more"},
                            {"grpc.timeout=1", "90s"},          {"grpc.timeout=1ms", "1s or more"},
                            {"grpc.port=65536", "0 to 65535"},  {"log.level=loud", "error, warn, info"},
                            {"trace.ratio=1.5", "0.0 to 1.0"},  {"trace.ratio=nan", "0.0 to 1.0"},
                            {"qemu.machine=a\nb", "one line"}};
        for (const auto& row : rows) {
            const auto text = refusal(from({}, {}, {row.setting}));
            const auto key = row.setting.substr(0, row.setting.find('='));
            CPPUNIT_ASSERT_MESSAGE(text, text.starts_with(key + "="));
            CPPUNIT_ASSERT_MESSAGE(text, text.find("(command line)") != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(text, text.find(row.allowed) != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(text, text.find('\n') == std::string::npos);
        }
        CPPUNIT_ASSERT(refusal(from({{"qemu.smp.count", "x"}}, {}, {})).find("(file /etc/x.properties)") !=
                       std::string::npos);
        CPPUNIT_ASSERT(
            refusal(from({}, {{"MANAGER_MAX_VMS", "x"}}, {})).find("(environment MANAGER_MAX_VMS)") !=
            std::string::npos);
    }

    /// docker --env-file hands on quotes, a shell the carriage returns of a file from Windows.
    void takesOffWhatOthersPutAroundAValue()
    {
        const std::pair<std::string, std::string> rows[] = {
            {"\"q35\"", "q35"}, {"'q35'", "q35"}, {"q35\r", "q35"}, {"  q35 ", "q35"}, {"\"\"", "q35"}};
        for (const auto& [written, machine] : rows) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                written, machine,
                load(from({}, {{"MANAGER_QEMU_MACHINE", written}}, {})).text("qemu.machine"));
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, warnings_.size());
            CPPUNIT_ASSERT(warnings_[0].find("MANAGER_QEMU_MACHINE") != std::string::npos);
        }
        const auto kept = load(from({}, {{"MANAGER_QEMU_KERNEL_CMDLINE", "\"a b\" c \"d\""}}, {}));
        CPPUNIT_ASSERT_EQUAL(std::string("\"a b\" c \"d\""), kept.text("qemu.kernel.cmdline"));
        for (const std::string path : {"/boot/vmlinuz # ours", "/boot/vmlinuz# ours", "$HOME/vmlinuz"}) {
            load(from({}, {{"MANAGER_QEMU_DISK_IMG_KERNEL_FILE", path}}, {}));
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, warnings_.size());
            CPPUNIT_ASSERT_MESSAGE(warnings_[0], warnings_[0].find("qemu.kernel.file") != std::string::npos);
        }
    }

    void refusesPlaceholders()
    {
        CPPUNIT_ASSERT(refusal(from({}, {{"MANAGER_GRPC_HOST", "<HOST_IP>"}}, {})).find("placeholder") !=
                       std::string::npos);
        CPPUNIT_ASSERT(
            refusal(from({{"trace.url", "http://<collector-host>:4318"}}, {}, {})).find("<collector-host>") !=
            std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("(accepted)"),
                             refusal(from({{"qemu.kernel.cmdline", "a<b c>d <> <-"}}, {}, {})));
    }

    void tellsEveryRefusalAtOnce()
    {
        Findings findings;
        const auto settings = loadSettings(
            hostOptions(),
            from({{"vm.max", "x"}}, {{"MANAGER_GRPC_PORT", "y"}, {"MANAGER_GRPC_URL", "http://z"}},
                 {"no.such=1", "qemu.smp.count=0", "qemu.smp.maxcpus=3"}),
            findings);
        CPPUNIT_ASSERT_EQUAL(std::size_t{5}, findings.refusals().size());
        CPPUNIT_ASSERT(findings.refused("vm.max") && !findings.refused("qemu.smp.maxcpus"));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{10}, settings.number("vm.max"));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, settings.number("qemu.smp.maxcpus"));
    }

    void unknownNamesAreWarningsWithASuggestion()
    {
        load(from({{"grpc.prot", "1"}},
                  {{"MANAGER_QEMU_SMP_CONT", "1"}, {"UNRELATED", "1"}, {"MANAGER_QEMU_DST_DISK_FILE", "x"}},
                  {}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, warnings_.size());
        CPPUNIT_ASSERT_MESSAGE(warnings_[0],
                               warnings_[0].find("did you mean grpc.port?") != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(warnings_[1], warnings_[1].find("a disk of its own") != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(warnings_[2], warnings_[2].find("did you mean MANAGER_QEMU_SMP_COUNT?") !=
                                                 std::string::npos);
    }

    void anUnknownKeyOnTheCommandLineIsRefused()
    {
        CPPUNIT_ASSERT(refusal(from({}, {}, {"grpc.prot=1"})).find("did you mean grpc.port?") !=
                       std::string::npos);
        CPPUNIT_ASSERT(refusal(from({}, {}, {"grpc.port"})).find("key=value") != std::string::npos);
    }

    void deprecatedOptionsAreNamed()
    {
        load(from({}, {{"MANAGER_ATTESTATION_POLICY_BINARY", "/x"}}, {}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, warnings_.size());
        CPPUNIT_ASSERT(
            warnings_[0].starts_with("attest.policy_binary (environment MANAGER_ATTESTATION_POLICY_BINARY)"));
    }

    void relativePathsAreMadeAbsolute()
    {
        const auto settings = load(from({}, {}, {"qemu.disk.source=../a/./b.img", "ovmf.code.file=none"}));
        CPPUNIT_ASSERT_EQUAL(std::string("/a/b.img"), settings.text("qemu.disk.source"));
        CPPUNIT_ASSERT_EQUAL(std::string("/start/img/bzImage"), settings.text("qemu.kernel.file"));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), settings.text("ovmf.code.file"));
    }

    void aPluginCannotTakeTheHostsNames()
    {
        auto table = hostOptions();
        CPPUNIT_ASSERT_THROW(table.add({.key = "grpc.port"}), Error);
        CPPUNIT_ASSERT_THROW(table.add({.key = "x.y", .env = {"MANAGER_GRPC_PORT"}}), Error);
        CPPUNIT_ASSERT_THROW(table.add({.key = "x.y", .type = OptionType::UInt, .defaultText = "no number"}),
                             InvalidArgument);
    }

    void everyHostOptionCanBeReadByItsType()
    {
        const auto settings = load(from({}, {}, {}));
        for (const auto& spec : settings.table().all()) {
            CPPUNIT_ASSERT_MESSAGE(spec.key, !spec.help.empty() && !spec.section.empty());
            CPPUNIT_ASSERT_MESSAGE(spec.key, !spec.defaultText || settings.find(spec.key) != nullptr);
        }
        CPPUNIT_ASSERT(!settings.flagOrAuto("qemu.enable_kvm").has_value());
        CPPUNIT_ASSERT(settings.duration("grpc.timeout") == 60s);
        CPPUNIT_ASSERT_EQUAL(2048ull << 20,
                             static_cast<unsigned long long>(settings.number("qemu.memory.size")));
        CPPUNIT_ASSERT_EQUAL(1.0, settings.ratio("trace.ratio"));
        CPPUNIT_ASSERT_THROW((void)settings.text("grpc.port"), Error);
        CPPUNIT_ASSERT_THROW((void)settings.text("no.such"), Error);
    }

    static std::string write(const std::string& name, const std::string& content)
    {
        const auto path = std::filesystem::temp_directory_path() /
                          ("teehost-settings-" + std::to_string(::getpid()) + name);
        std::ofstream(path) << content;
        return path.string();
    }

    void readsEveryKindOfFile()
    {
        struct Row {
            std::string name, content;
        };
        const Row rows[] = {{".properties", "# c\nqemu.smp.count = 7\nqemu.kernel.cmdline = quiet a=${b}\n"},
                            {".ini", "[qemu]\nsmp.count = 7\nkernel.cmdline = quiet a=${b}\n"},
                            {".xml", "<c><qemu><smp><count>7</count></smp><kernel><cmdline>quiet "
                                     "a=${b}</cmdline></kernel></qemu></c>"},
                            {".json", R"({"qemu":{"smp":{"count":7},"kernel":{"cmdline":"quiet a=${b}"}}})"}};
        for (const auto& row : rows) {
            const auto path = write(row.name, row.content);
            const auto values = readSettingsFile(path);
            std::filesystem::remove(path);
            const auto settings = load(from(values, {}, {}));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.name, std::uint64_t{7}, settings.number("qemu.smp.count"));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.name, std::string("quiet a=${b}"),
                                         settings.text("qemu.kernel.cmdline"));
            CPPUNIT_ASSERT_MESSAGE(row.name, warnings_.empty());
        }
    }

    void refusesBrokenFiles()
    {
        struct Row {
            std::string name, content;
        };
        std::string deep; // whatever recurses over it runs out of stack
        for (int i = 0; i < 100'000; ++i)
            deep += "<a>";
        for (int i = 0; i < 100'000; ++i)
            deep += "</a>";
        const Row rows[] = {{".xml", "<c><unclosed>"},
                            {".xml", deep},
                            {".json", "{\"a\":"},
                            {".yaml", "a: b"},
                            {".json", std::string(3 << 20, ' ')}};
        for (const auto& row : rows) {
            const auto path = write(row.name, row.content);
            CPPUNIT_ASSERT_THROW_MESSAGE(row.name, (void)readSettingsFile(path), InvalidArgument);
            std::filesystem::remove(path);
        }
        CPPUNIT_ASSERT_THROW((void)readSettingsFile("/no/such.properties"), Error);
    }

    void sensitiveValuesAreNeverShown()
    {
        auto table = hostOptions();
        table.add({.key = "p.token", .type = OptionType::UInt, .sensitive = true, .help = "h"});
        CPPUNIT_ASSERT_THROW(load(from({}, {}, {"p.token=CANARY"}), table), InvalidArgument);
        try {
            load(from({}, {}, {"p.token=CANARY"}), table);
        } catch (const Error& error) {
            CPPUNIT_ASSERT_MESSAGE(error.what(), describe(error).find("CANARY") == std::string::npos);
        }
        const auto settings = load(from({}, {}, {"p.token=4711"}), table);
        for (const auto format :
             {ListingFormat::Table, ListingFormat::Properties, ListingFormat::Env, ListingFormat::Markdown})
            CPPUNIT_ASSERT(listOptions(settings, format).find("4711") == std::string::npos);
    }

    void theShippedFileIsValid()
    {
        const auto text = listOptions(load(from({}, {}, {})), ListingFormat::Properties);
        std::string uncommented;
        for (std::size_t at = 0; at < text.size();) {
            const auto end = text.find('\n', at);
            const auto line = text.substr(at, end - at);
            at = end + 1;
            if (line.starts_with("#") && !line.starts_with("# "))
                uncommented += line.substr(1) + "\n";
        }
        const auto path = write("all.properties", uncommented);
        const auto values = readSettingsFile(path);
        std::filesystem::remove(path);
        CPPUNIT_ASSERT(values.size() > 50);
        load(from(values, {}, {}));
        CPPUNIT_ASSERT(std::none_of(warnings_.begin(), warnings_.end(), [](const auto& warning) {
            return warning.find("not known") != std::string::npos;
        }));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SettingsTest);

} // namespace
} // namespace teehost::settings
