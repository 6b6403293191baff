// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <cppunit/extensions/HelperMacros.h>

#include "cli/commands/catalogue.h"
#include "cli/commands/commands.h"
#include "cli/on_demand/command_of.h"
#include "cli/program.h"
#include "run_program.h"

namespace teehost::cli {
namespace {

class OnDemandTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OnDemandTest);
    CPPUNIT_TEST(findsTheCommand);
    CPPUNIT_TEST(knowsEveryGlobalOption);
    CPPUNIT_TEST(hasACatalogueOfAllCommands);
    CPPUNIT_TEST(loadsNothingOfTheNetworkOffline);
    CPPUNIT_TEST(saysWhenTheLibraryIsMissing);
    CPPUNIT_TEST(takesNoLibraryOfAnotherBuild);
    CPPUNIT_TEST(saysWhenProcIsNotMounted);
    CPPUNIT_TEST_SUITE_END();

    void findsTheCommand()
    {
        struct Row {
            std::vector<const char*> words;
            std::string_view command;
        };
        const Row rows[] = {
            {{"teehost"}, ""},
            {{"teehost", "list"}, "list"},
            {{"teehost", "--help", "list"}, "list"},
            {{"teehost", "--url", "list", "info"}, "info"},
            {{"teehost", "--url=list", "info"}, "info"},
            {{"teehost", "-o", "json", "info", "list"}, "info"},
            {{"teehost", "-ojson", "info"}, "info"},
            {{"teehost", "--timeout", "5s", "--tls-ca", "ca.pem", "verify", "--report", "list"}, "verify"},
            {{"teehost", "--url"}, ""},
        };
        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL(row.command,
                                 commandOf(static_cast<int>(row.words.size()), row.words.data()));
    }

    void knowsEveryGlobalOption()
    {
        CLI::App app;
        Session session;
        buildProgram(app, session, addOnDemandCommands);
        std::vector<std::string> names;
        for (const auto* option : app.get_options())
            if (option->get_items_expected_max() > 0) // not a flag
                for (const auto& name : CLI::detail::split(option->get_name(false, true), ','))
                    names.push_back(name);
        std::vector<std::string> known(kGlobalOptions.begin(), kGlobalOptions.end());
        std::sort(names.begin(), names.end());
        std::sort(known.begin(), known.end());
        CPPUNIT_ASSERT(known == names);
    }

    void hasACatalogueOfAllCommands()
    {
        CLI::App app;
        Session session;
        buildProgram(app, session, addOnDemandCommands);
        const auto commands = app.get_subcommands({});
        CPPUNIT_ASSERT_EQUAL(kCommands.size(), commands.size());
        for (std::size_t i = 0; i < commands.size(); ++i)
            CPPUNIT_ASSERT_EQUAL(std::string(kCommands[i].name), commands[i]->get_name());
        CLI::App onDemand;
        addOnDemandCommands(onDemand, session);
        const auto those = onDemand.get_subcommands({});
        for (const auto& command : kCommands)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(command.name), command.runs == Runs::OnDemand,
                                         std::any_of(those.begin(), those.end(), [&](const CLI::App* one) {
                                             return one->get_name() == command.name;
                                         }));
    }

    /// The objects that the dynamic linker has loaded, by its own account.
    static std::string objectsOf(const std::vector<std::string>& arguments)
    {
        return test::run(arguments, test::Stdout::Pipe, {"LD_DEBUG=files"}).err;
    }

    void loadsNothingOfTheNetworkOffline()
    {
        const std::string trusted = "plugins.allow_own=true";
        const std::vector<std::vector<std::string>> offline{
            {"--help"},
            {"inspect", "/proc/self/status", "--set", trusted},
            {"verify", "--report", "/proc/self/exe", "--offline", "--set", trusted},
            {"measure", "--backend", "sev-snp", "--firmware", "/proc/self/exe", "--cpus", "1", "--cpu",
             "EPYC-Milan", "--set", trusted},
            {"explain", "/proc/self/status", "--set", trusted},
            {"keys", "--help"}};
        for (const auto& arguments : offline) {
            const auto loaded = objectsOf(arguments);
            CPPUNIT_ASSERT(loaded.find("libcrypto.so") != std::string::npos);
            for (const std::string library :
                 {"libgrpc", "libcurl", "libprotobuf", "libPoco", "on-demand.so", "https.so"})
                CPPUNIT_ASSERT_MESSAGE(arguments.front() + " loads " + library,
                                       loaded.find(library) == std::string::npos);
        }
        const auto loaded = objectsOf({"list", "--help"});
        CPPUNIT_ASSERT(loaded.find("libgrpc") != std::string::npos);
        CPPUNIT_ASSERT(loaded.find("libcurl") == std::string::npos); // it asks the daemon alone
    }

    void saysWhenTheLibraryIsMissing()
    {
        const auto result =
            test::run({"-c", "set -e; d=$(mktemp -d); trap 'rm -r $d' EXIT; cp " TEEHOST_PROGRAM
                             " $d/teehost; $d/teehost list"},
                      test::Stdout::Pipe, {}, "/bin/sh");
        CPPUNIT_ASSERT_EQUAL(1, result.exitCode);
        CPPUNIT_ASSERT_MESSAGE(result.err, result.err.find("teehost-on-demand.so") != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(result.err,
                               result.err.find("reinstall the whole package") != std::string::npos);
    }

    void takesNoLibraryOfAnotherBuild()
    {
        const std::string install =
            "set -e; d=$(mktemp -d); trap 'rm -r $d' EXIT; mkdir -p $d/bin "
            "$d/lib/teehost; cp " TEEHOST_PROGRAM " $d/bin/teehost; cp " TEEHOST_FIXTURE_DIR
            "/libraries/cli-fixture-library-";
        const std::string run = ".so $d/lib/teehost/teehost-on-demand.so; $d/bin/teehost list";
        const auto with = [&](const std::string& library) {
            return test::run({"-c", install + library + run}, test::Stdout::Pipe, {}, "/bin/sh");
        };
        const auto same = with("same");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(same.err, 77, same.exitCode); // what that library's run() returns
        for (const std::string library : {"version", "entry"}) {
            const auto result = with(library);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(library, 1, result.exitCode);
            CPPUNIT_ASSERT_MESSAGE(result.err, result.err.find("of another build") != std::string::npos);
        }
    }

    void saysWhenProcIsNotMounted()
    {
#ifndef __SANITIZE_ADDRESS__ // whose run time needs /proc itself
        constexpr int kSkipped = 99;
        const auto result =
            test::run({"-c", "unshare -rm true || exit 99; exec unshare -rm sh -c 'mount -t tmpfs "
                             "none /proc || exit 99; exec " TEEHOST_PROGRAM " list'"},
                      test::Stdout::Pipe, {}, "/bin/sh");
        if (result.exitCode == kSkipped)
            return; // this machine gives no mount namespace
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 1, result.exitCode);
        CPPUNIT_ASSERT_MESSAGE(result.err, result.err.starts_with("teehost: cannot read \"/proc/self/exe\""));
        CPPUNIT_ASSERT_MESSAGE(result.err, result.err.find("mount /proc") != std::string::npos);
#endif
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(OnDemandTest);

} // namespace
} // namespace teehost::cli
