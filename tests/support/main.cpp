// SPDX-License-Identifier: Apache-2.0
//
// The program around the tests of one theme: PROGRAM [TEST...] runs all of them, or those whose names contain
// one of the words given. Says how long each took.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <cppunit/Exception.h>
#include <cppunit/Test.h>
#include <cppunit/TestFailure.h>
#include <cppunit/TestListener.h>
#include <cppunit/TestResult.h>
#include <cppunit/TestResultCollector.h>
#include <cppunit/TextOutputter.h>
#include <cppunit/extensions/TestFactoryRegistry.h>

#include "support/failure_notes.h"
#include "support/files.h"

namespace teehost::test {
namespace {

constexpr std::size_t kShownLines = 40;

std::vector<std::filesystem::path>& notes()
{
    static std::vector<std::filesystem::path> files;
    return files;
}

void printEnd(const std::filesystem::path& file)
{
    std::deque<std::string> last;
    std::istringstream lines(readFile(file));
    for (std::string line; std::getline(lines, line);) {
        last.push_back(line);
        if (last.size() > kShownLines)
            last.pop_front();
    }
    std::cerr << "---- the end of " << file.string() << "\n";
    for (const auto& line : last)
        std::cerr << line << "\n";
}

/// "ManagerTest::keepsTwoVmsApart": without the namespaces.
std::string shortName(const CppUnit::Test& test)
{
    const std::string name = test.getName();
    const auto method = name.rfind("::");
    const auto suite = method == std::string::npos ? method : name.rfind("::", method - 1);
    return suite == std::string::npos ? name : name.substr(suite + 2);
}

class Report final : public CppUnit::TestListener {
public:
    void startTest(CppUnit::Test* test) override
    {
        start_ = std::chrono::steady_clock::now();
        failed_ = false;
        std::cerr << shortName(*test) << " ..." << std::endl;
    }
    void addFailure(const CppUnit::TestFailure& failure) override
    {
        failed_ = true;
        std::cerr << shortName(*failure.failedTest()) << ": line " << failure.sourceLine().lineNumber()
                  << ": " << failure.thrownException()->what() << std::endl;
        for (const auto& file : notes())
            printEnd(file);
    }
    void endTest(CppUnit::Test* test) override
    {
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
        std::cerr << shortName(*test) << (failed_ ? " FAILED" : " ok") << ", " << took.count() << " s"
                  << std::endl;
    }

private:
    std::chrono::steady_clock::time_point start_;
    bool failed_ = false;
};

bool isWanted(const CppUnit::Test& test, const std::vector<std::string>& words)
{
    return words.empty() || std::any_of(words.begin(), words.end(), [&](const std::string& word) {
               return shortName(test).find(word) != std::string::npos;
           });
}

/// Runs the wanted leaves of the tree; the number of them.
int runWanted(CppUnit::Test& test, const std::vector<std::string>& words, CppUnit::TestResult& result)
{
    if (test.getChildTestCount() == 0) {
        if (!isWanted(test, words))
            return 0;
        test.run(&result);
        return 1;
    }
    int count = 0;
    for (int i = 0; i < test.getChildTestCount(); ++i)
        count += runWanted(*test.getChildTestAt(i), words, result);
    return count;
}

int run(const std::vector<std::string>& words)
{
    CppUnit::TestResult result;
    CppUnit::TestResultCollector collector;
    Report report;
    result.addListener(&collector);
    result.addListener(&report);
    const std::unique_ptr<CppUnit::Test> all(CppUnit::TestFactoryRegistry::getRegistry().makeTest());
    if (runWanted(*all, words, result) == 0) {
        std::cerr << "no test has such a name\n";
        return EXIT_FAILURE;
    }
    CppUnit::TextOutputter(&collector, std::cerr).write();
    return collector.wasSuccessful() ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace

void noteOnFailure(const std::filesystem::path& file) { notes().push_back(file); }

void forgetNote(const std::filesystem::path& file) { std::erase(notes(), file); }

} // namespace teehost::test

int main(int argc, char** argv)
{
    ::setenv("GRPC_VERBOSITY", "NONE", 1); // refused handshakes and lost connections are part of the tests
    ::signal(SIGPIPE, SIG_IGN);
    return teehost::test::run({argv + 1, argv + argc});
}
