// SPDX-License-Identifier: Apache-2.0
//
// The generated completion, driven by a real bash the way its completion machinery drives it.
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <cppunit/extensions/HelperMacros.h>

#include "fake_host.h"
#include "run_program.h"
#include "temporary_directory.h"

namespace teehost::cli {
namespace {

/// Prints what _teehost offers for the words given, the last of which is the one under the cursor.
constexpr const char* kDriver = R"(
source "$1"; shift
COMP_WORDS=(teehost "$@"); COMP_CWORD=$#
_teehost
((${#COMPREPLY[@]})) && printf '%s\n' "${COMPREPLY[@]}"
true
)";

class CompletionTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CompletionTest);
    CPPUNIT_TEST(offersWhatFits);
    CPPUNIT_TEST(asksTheDaemonForIds);
    CPPUNIT_TEST(runsNothingTheDaemonNames);
    CPPUNIT_TEST(knowsNoOtherShell);
    CPPUNIT_TEST_SUITE_END();

    test::TemporaryDirectory directory_;
    std::string script_ = directory_.path() / "completion";

public:
    void setUp() override
    {
        const auto result = test::run({"completion", "bash"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
        std::ofstream(script_) << result.out;
        std::ofstream(directory_.path() / "driver") << kDriver;
        std::filesystem::create_directory(directory_.path() / "images");
        std::ofstream(directory_.path() / "image one") << "x";
    }

private:
    std::string complete(std::vector<std::string> words, const std::string& url = "localhost:1") const
    {
        const std::string path =
            std::filesystem::path(TEEHOST_PROGRAM).parent_path().string() + ":/usr/bin:/bin";
        words.insert(words.begin(), {"-C", directory_.path(), "PATH=" + path, "MANAGER_GRPC_URL=" + url,
                                     "bash", directory_.path() / "driver", script_});
        const auto result = test::run(words, test::Stdout::Pipe, {}, "/usr/bin/env");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 0, result.exitCode);
        return result.out;
    }

    void offersWhatFits()
    {
        struct Row {
            std::vector<std::string> words;
            std::string offered;
        };
        const Row rows[] = {
            {{"cr"}, "create-vm\n"},
            {{"con"}, "console\nconfig\n"},
            {{"--url", "cr"}, ""},
            {{"--url", "host", ":", "7001", "back"}, "backends\n"},
            {{"--output", "json", "li"}, "list\n"},
            {{"--output", "=", "json", "li"}, "list\n"},
            {{"--output", ""}, "text\njson\n"},
            {{"--output", "="}, "text\njson\n"},
            {{"list", "--output", "=", "j"}, "json\n"},
            {{"list", "-o", "t"}, "text\n"},
            {{"create-vm", "--log-level", "w"}, "warn\n"},
            {{"create-vm", "--wait"}, "--wait\n--wait-timeout\n"},
            {{"create-vm", "--ttl", ""}, ""},
            {{"create-vm", "--kernel", "im"}, "image one\nimages\n"},
            {{"keys", "--directory", "im"}, "images\n"},
            {{"keys", "--dir"}, "--directory\n"},
            {{"list", "--tls-c"}, "--tls-ca\n--tls-cert\n"},
            {{"completion", ""}, "bash\n"},
            {{"list", ""}, ""},
            {{"info", ""}, ""}, // nobody listens at port 1
        };
        for (const auto& row : rows) {
            std::string typed;
            for (const auto& word : row.words)
                typed += word + " ";
            CPPUNIT_ASSERT_EQUAL_MESSAGE(typed, row.offered, sorted(complete(row.words), row.offered));
        }
    }

    /// Files come in the order of the directory; the others as declared. Compares as a set, shown as `like`.
    static std::string sorted(const std::string& offered, const std::string& like)
    {
        const auto lines = [](const std::string& text) {
            std::istringstream in(text);
            std::multiset<std::string> out;
            for (std::string line; std::getline(in, line);)
                out.insert(line);
            return out;
        };
        return lines(offered) == lines(like) ? like : offered;
    }

    void asksTheDaemonForIds()
    {
        test::FakeHost host;
        CPPUNIT_ASSERT_EQUAL(std::string(test::kFirstId) + "\n" + test::kSecondId + "\n",
                             complete({"console", "3f"}, host.address()));
        CPPUNIT_ASSERT_EQUAL(std::string(test::kSecondId) + "\n",
                             complete({"remove-vm", test::kFirstId, "3f2b"}, host.address()));
    }

    void runsNothingTheDaemonNames()
    {
        test::FakeHost host;
        const auto trap = directory_.path() / "trap";
        host.vms = {test::makeVm("$(touch " + trap.string() + ")"),
                    test::makeVm("`touch " + trap.string() + "`")};
        static_cast<void>(complete({"info", ""}, host.address()));
        CPPUNIT_ASSERT(!std::filesystem::exists(trap));
    }

    void knowsNoOtherShell()
    {
        const auto result = test::run({"completion", "fish"});
        CPPUNIT_ASSERT_EQUAL(2, result.exitCode);
        CPPUNIT_ASSERT_EQUAL(std::string(), result.out);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(CompletionTest);

} // namespace
} // namespace teehost::cli
