// SPDX-License-Identifier: Apache-2.0
#include "host/launch/host_dirs.h"

#include <cppunit/extensions/HelperMacros.h>
#include <sys/stat.h>

#include "tests/unit/launch/settings_fixture.h"

namespace teehost::launch {
namespace {

namespace fs = std::filesystem;

class HostDirsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(HostDirsTest);
    CPPUNIT_TEST(refusesBeforehandWhatAStartRefuses);
    CPPUNIT_TEST(changesNothing);
    CPPUNIT_TEST(saysHowLongARuntimeDirectoryMayBe);
    CPPUNIT_TEST_SUITE_END();

    ScratchDir scratch_;

    HostDirs dirs() const
    {
        return {scratch_.path() / "a/b/state", scratch_.path() / "run", scratch_.path() / "log"};
    }

    std::string found() const
    {
        settings::Findings findings;
        checkHostDirs(dirs(), findings);
        std::string out;
        for (const auto& refusal : findings.refusals())
            out += describe(refusal) + "\n";
        return out;
    }

    void refusesBeforehandWhatAStartRefuses()
    {
        CPPUNIT_ASSERT_EQUAL(std::string(), found());
        prepareHostDirs(dirs());
        CPPUNIT_ASSERT_EQUAL(std::string(), found());
        ::chmod(dirs().state.c_str(), 0777);
        fs::remove_all(dirs().runtime);
        fs::create_directory_symlink(dirs().state, dirs().runtime);
        fs::remove_all(dirs().log);
        std::ofstream(dirs().log) << "a file";
        const auto words = found();
        for (const std::string part :
             {"can be written by others", "is a symbolic link", "is not a directory"})
            CPPUNIT_ASSERT_MESSAGE(words, words.find(part) != std::string::npos);
        CPPUNIT_ASSERT_THROW(prepareHostDirs(dirs()), Error);
    }

    void changesNothing()
    {
        CPPUNIT_ASSERT_EQUAL(std::string(), found());
        CPPUNIT_ASSERT(fs::is_empty(scratch_.path()));
    }

    void saysHowLongARuntimeDirectoryMayBe()
    {
        const auto refusal = [](std::size_t bytes, const std::string& socket) {
            settings::Findings findings;
            HostDirs dirs{"/s", "/" + std::string(bytes - 1, 'r'), "/l"};
            checkSocketRoom(dirs, socket, findings);
            return findings.refused() ? describe(findings.refusals().front()) : std::string();
        };
        CPPUNIT_ASSERT_EQUAL(std::string(), refusal(63, "qmp")); // 107 - "/vm/" - 36 - "/qmp"
        const auto words = refusal(64, "qmp");
        for (const std::string part :
             {"runtime.dir=/rrr", "108 bytes", "107 is the most", "at most 63 bytes"})
            CPPUNIT_ASSERT_MESSAGE(words, words.find(part) != std::string::npos);
        CPPUNIT_ASSERT(refusal(56, "swtpm.sock").empty() && !refusal(57, "swtpm.sock").empty());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(HostDirsTest);

} // namespace
} // namespace teehost::launch
