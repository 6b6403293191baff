// SPDX-License-Identifier: Apache-2.0
#include "host/base/log.h"

#include <cppunit/extensions/HelperMacros.h>
#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/helper_process.h"

namespace teehost {
namespace {

using namespace std::chrono_literals;

class LogTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LogTest);
    CPPUNIT_TEST(writesOneJsonObjectALine);
    CPPUNIT_TEST(leavesOutWhatIsBelowTheThreshold);
    CPPUNIT_TEST(errorsSayWhatToDo);
    CPPUNIT_TEST(helpersAreKilledAtTheirDeadline);
    CPPUNIT_TEST(helpersGiveTheirOutputAndStatus);
    CPPUNIT_TEST(aMissingHelperIsAnError);
    CPPUNIT_TEST_SUITE_END();

    void writesOneJsonObjectALine()
    {
        std::string written;
        const Log log(LogLevel::Info, [&](LogLevel, const std::string& line) { written += line; });
        log.info("vm \"started\"", {{"vm", "a\nb"}, {"bytes", "\xff"}});
        CPPUNIT_ASSERT_EQUAL('\n', written.back());
        CPPUNIT_ASSERT_EQUAL(written.size() - 1, written.find('\n'));
        const auto json = nlohmann::json::parse(written);
        CPPUNIT_ASSERT_EQUAL(std::string("vm \"started\""), json["msg"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL(std::string("a\nb"), json["vm"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL(std::string("\xef\xbf\xbd"), json["bytes"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL(std::string("info"), json["level"].get<std::string>());
    }

    void leavesOutWhatIsBelowTheThreshold()
    {
        int lines = 0;
        Log log(LogLevel::Warning, [&](LogLevel, const std::string&) { ++lines; });
        log.info("no");
        log.warning("yes");
        log.setThreshold(LogLevel::Debug);
        log.debug("yes");
        CPPUNIT_ASSERT_EQUAL(2, lines);
        CPPUNIT_ASSERT_THROW((void)parseLogLevel("loud"), InvalidArgument);
    }

    void errorsSayWhatToDo()
    {
        const auto error =
            systemError(Category::FailedPrecondition, "cannot open kernel \"/x\"", ENOENT, "check it");
        CPPUNIT_ASSERT_EQUAL(
            std::string("cannot open kernel \"/x\": No such file or directory (os error 2); check it"),
            describe(error));
        CPPUNIT_ASSERT_EQUAL(std::string("ttl: no"), std::string(InvalidArgument("no", "ttl").what()));
    }

    void helpersAreKilledAtTheirDeadline()
    {
        const auto before = std::chrono::steady_clock::now();
        const auto result = runHelper({"sleep", "600"}, 50ms);
        CPPUNIT_ASSERT(result.timedOut && !result.ok());
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - before < 60s);
    }

    void helpersGiveTheirOutputAndStatus()
    {
        const auto result = runHelper({"sh", "-c", "echo out; echo err >&2; exit 3"}, 60s);
        CPPUNIT_ASSERT_EQUAL(std::string("out\nerr\n"), result.output);
        CPPUNIT_ASSERT_EQUAL(3, result.status);
        CPPUNIT_ASSERT(!result.ok());
        CPPUNIT_ASSERT(runHelper({"sh", "-c", "kill -9 $$"}, 60s).signalled);
        // More output than is kept must not block the helper.
        CPPUNIT_ASSERT_EQUAL(std::size_t{65536},
                             runHelper({"head", "-c", "1000000", "/dev/zero"}, 60s).output.size());
    }

    void aMissingHelperIsAnError() { CPPUNIT_ASSERT_THROW((void)runHelper({"no-such-program"}, 1s), Error); }
};
CPPUNIT_TEST_SUITE_REGISTRATION(LogTest);

} // namespace
} // namespace teehost
