// SPDX-License-Identifier: Apache-2.0
//
// The program around the tests of one theme: PROGRAM [TEST...] runs all of them, or those whose names contain
// one of the words given. Says how long each took.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
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

namespace teehost::test {
namespace {

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
        printNotes();
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

} // namespace teehost::test

int main(int argc, char** argv)
{
    ::setenv("GRPC_VERBOSITY", "NONE", 1); // refused handshakes and lost connections are part of the tests
    ::signal(SIGPIPE, SIG_IGN);
    return teehost::test::run({argv + 1, argv + argc});
}
