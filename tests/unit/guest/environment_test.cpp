// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <random>
#include <string>
#include <string_view>

#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/environment.h"

namespace teehost::guest {
namespace {

using namespace std::string_view_literals;

class EnvironmentTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EnvironmentTest);
    CPPUNIT_TEST(readsWhatTheDaemonWrites);
    CPPUNIT_TEST(takesTheRestOfTheLineAsItIs);
    CPPUNIT_TEST(leavesOutALineThatIsNoVariable);
    CPPUNIT_TEST(keepsTheFirstOfTwo);
    CPPUNIT_TEST(countsLinesAsAnEditorDoes);
    CPPUNIT_TEST(stopsAfterTooManyVariables);
    CPPUNIT_TEST(stopsAfterTooManyBadLines);
    CPPUNIT_TEST(takesNoHalfOfALineFromAFileThatIsTooLong);
    CPPUNIT_TEST(survivesAnyBytes);
    CPPUNIT_TEST_SUITE_END();

    static std::string valueOf(const Environment& environment, std::string_view name)
    {
        const auto value = environment.find(name);
        CPPUNIT_ASSERT_MESSAGE(std::string(name), value.has_value());
        return std::string(*value);
    }

    void readsWhatTheDaemonWrites()
    {
        const auto environment = parseEnvironment("AGENT_LOG_LEVEL=info\n"
                                                  "AGENT_CVM_GRPC_URL=localhost:7001\n"
                                                  "AGENT_CVM_ID=6f1d1b1e-9f1c-4d1a-8a55-0c1f2b3a4d5e\n"
                                                  "AGENT_CERTS_TOKEN=\n"
                                                  "AWS_SECRET_ACCESS_KEY=a/b+c==\n");
        CPPUNIT_ASSERT_EQUAL(std::size_t{5}, environment.variables.size());
        CPPUNIT_ASSERT(environment.problems.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("AGENT_LOG_LEVEL"), environment.variables.front().name);
        CPPUNIT_ASSERT_EQUAL(std::string("localhost:7001"), valueOf(environment, "AGENT_CVM_GRPC_URL"));
        CPPUNIT_ASSERT_EQUAL(std::string(), valueOf(environment, "AGENT_CERTS_TOKEN"));
        CPPUNIT_ASSERT_EQUAL(std::string("a/b+c=="), valueOf(environment, "AWS_SECRET_ACCESS_KEY"));
        CPPUNIT_ASSERT(!environment.find("AWS_REGION").has_value());
        CPPUNIT_ASSERT(!environment.find("").has_value());
    }

    void takesTheRestOfTheLineAsItIs()
    {
        struct Row {
            std::string_view text;
            std::string_view value;
        };
        static constexpr Row rows[] = {
            {"A=b", "b"}, // no newline at the end
            {"A= b \n", " b "},
            {"A=\"b\"\n", "\"b\""},
            {"A='b' # c\n", "'b' # c"},
            {"A=$B`c`\\n\n", "$B`c`\\n"},
            {"A=b\r\n", "b\r"},
            {"A==\n", "="},
            {"A=\xff\x1b[2J\n", "\xff\x1b[2J"},
        };
        for (const auto& row : rows) {
            const auto environment = parseEnvironment(row.text);
            CPPUNIT_ASSERT_EQUAL(std::string(row.value), valueOf(environment, "A"));
            CPPUNIT_ASSERT_MESSAGE(std::string(row.text), environment.problems.empty());
        }
    }

    void leavesOutALineThatIsNoVariable()
    {
        const std::string longName(kMaxNameBytes + 1, 'A');
        const std::string longNameLine = longName + "=1";
        struct Row {
            std::string_view line;
            std::string_view reason;
        };
        const Row rows[] = {
            {"A", "no '=' in the line"},
            {" ", "no '=' in the line"},
            {"=", "not a variable's name"},
            {"=b", "not a variable's name"},
            {"1A=b", "not a variable's name"},
            {"A-B=c", "not a variable's name"},
            {" A=b", "not a variable's name"},
            {"A =b", "not a variable's name"},
            {"export A=b", "not a variable's name"},
            {"\x1b[2J=b", "not a variable's name"},
            {"\xc3\x84=b", "not a variable's name"},
            {"A\0=b"sv, "not a variable's name"},
            {"\xef\xbb\xbf"
             "A=b",
             "not a variable's name"}, // a byte order mark
            {longNameLine, "not a variable's name"},
            {"A=b\0c"sv, "a NUL in the value"},
        };
        for (const auto& row : rows) {
            // Between two good lines, to see that only the bad one is lost.
            const auto environment = parseEnvironment("X=1\n" + std::string(row.line) + "\nY=2\n");
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(row.line), std::size_t{2}, environment.variables.size());
            CPPUNIT_ASSERT_EQUAL(std::string("2"), valueOf(environment, "Y"));
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, environment.problems.size());
            CPPUNIT_ASSERT_EQUAL(std::size_t{2}, environment.problems.front().line);
            CPPUNIT_ASSERT_EQUAL(std::string(row.reason), std::string(environment.problems.front().reason));
        }
        CPPUNIT_ASSERT(parseEnvironment(longName.substr(1) + "=1").problems.empty());
    }

    void keepsTheFirstOfTwo()
    {
        const auto environment = parseEnvironment("A=1\nA=2\n");
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, environment.variables.size());
        CPPUNIT_ASSERT_EQUAL(std::string("1"), valueOf(environment, "A"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, environment.problems.at(0).line);
    }

    void countsLinesAsAnEditorDoes()
    {
        CPPUNIT_ASSERT(parseEnvironment("").problems.empty());
        CPPUNIT_ASSERT(parseEnvironment("\n\n\n").variables.empty());
        const auto environment = parseEnvironment("\nA=1\n\nbad\n");
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, environment.problems.at(0).line);
    }

    void stopsAfterTooManyVariables()
    {
        std::string text;
        for (std::size_t i = 0; i < 3 * kMaxVariables; ++i)
            text += "A" + std::to_string(i) + "=" + std::to_string(i) + "\n";
        const auto environment = parseEnvironment(text);
        CPPUNIT_ASSERT_EQUAL(kMaxVariables, environment.variables.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, environment.problems.size());
        CPPUNIT_ASSERT_EQUAL(kMaxVariables + 1, environment.problems.front().line);
        CPPUNIT_ASSERT_EQUAL(std::string("255"), valueOf(environment, "A255"));
    }

    void stopsAfterTooManyBadLines()
    {
        std::string text;
        for (std::size_t i = 0; i < 3 * kMaxVariables; ++i)
            text += "x\n";
        const auto environment = parseEnvironment(text);
        // Each problem is a line on the console, so they are bounded as well.
        CPPUNIT_ASSERT_EQUAL(kMaxVariables + 1, environment.problems.size());
    }

    void takesNoHalfOfALineFromAFileThatIsTooLong()
    {
        const auto cut = parseEnvironment("A=1\nB=" + std::string(kMaxEnvironmentBytes, 'x'));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, cut.variables.size());
        CPPUNIT_ASSERT_EQUAL(std::string("1"), valueOf(cut, "A"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, cut.problems.at(0).line);

        const auto oneLine = parseEnvironment("B=" + std::string(kMaxEnvironmentBytes, 'x'));
        CPPUNIT_ASSERT(oneLine.variables.empty());

        const auto fits = parseEnvironment("B=" + std::string(kMaxEnvironmentBytes - 2, 'x'));
        CPPUNIT_ASSERT_EQUAL(kMaxEnvironmentBytes - 2, valueOf(fits, "B").size());
        CPPUNIT_ASSERT(fits.problems.empty());
    }

    /// Random text of the bytes that mean something here: whatever comes, names are names and nothing is
    /// counted twice.
    void survivesAnyBytes()
    {
        static constexpr auto kAlphabet = "\0\n\n=AB_1 \r\xff"sv;
        std::mt19937 random(20241);
        for (int round = 0; round < 20'000; ++round) {
            std::string text(random() % 40, '\0');
            std::generate(text.begin(), text.end(), [&] { return kAlphabet[random() % kAlphabet.size()]; });
            const auto environment = parseEnvironment(text);
            const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
            CPPUNIT_ASSERT(environment.variables.size() + environment.problems.size() <= lines);
            for (const auto& variable : environment.variables) {
                CPPUNIT_ASSERT(variable.name.find_first_not_of("AB_1") == std::string::npos);
                CPPUNIT_ASSERT(!variable.name.empty() && variable.name.front() != '1');
                CPPUNIT_ASSERT(variable.value.find_first_of("\0\n"sv) == std::string::npos);
                CPPUNIT_ASSERT_EQUAL(variable.value, valueOf(environment, variable.name));
            }
        }
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(EnvironmentTest);

} // namespace
} // namespace teehost::guest
