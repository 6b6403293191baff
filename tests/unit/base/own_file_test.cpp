// SPDX-License-Identifier: Apache-2.0
#include "host/base/own_file.h"

#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include "host/base/error.h"

namespace teehost {
namespace {

namespace fs = std::filesystem;

class OwnFileTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OwnFileTest);
    CPPUNIT_TEST(readsBackWhatItWrote);
    CPPUNIT_TEST(replacesAsAWhole);
    CPPUNIT_TEST(anAbsentFileIsNoError);
    CPPUNIT_TEST(refusesWhatIsNotItsOwn);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        directory_ = fs::temp_directory_path() / ("own-file-" + std::to_string(::getpid()));
        fs::create_directory(directory_);
    }
    void tearDown() override { fs::remove_all(directory_); }

private:
    void readsBackWhatItWrote()
    {
        for (const auto durability : {Durability::SurvivesDaemon, Durability::SurvivesPowerCut}) {
            const std::string content("bytes \0 and\n", 12);
            replaceOwnFile(directory_ / "a", content, durability);
            CPPUNIT_ASSERT_EQUAL(content, *readOwnFile(directory_ / "a", 12));
        }
        struct stat status {};
        CPPUNIT_ASSERT_EQUAL(0, ::stat((directory_ / "a").c_str(), &status));
        CPPUNIT_ASSERT_EQUAL(mode_t{0600}, status.st_mode & 0777);
    }

    void replacesAsAWhole()
    {
        fs::create_symlink("/etc/passwd", directory_ / "a");
        replaceOwnFile(directory_ / "a", "new", Durability::SurvivesDaemon);
        CPPUNIT_ASSERT(!fs::is_symlink(directory_ / "a"));
        CPPUNIT_ASSERT_EQUAL(std::string("new"), *readOwnFile(directory_ / "a", 100));
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{1},
                             std::distance(fs::directory_iterator(directory_), fs::directory_iterator()));
        CPPUNIT_ASSERT_THROW(replaceOwnFile(directory_ / "no/such", "x", Durability::SurvivesDaemon), Error);
    }

    void anAbsentFileIsNoError() { CPPUNIT_ASSERT(!readOwnFile(directory_ / "absent", 10)); }

    void refusesWhatIsNotItsOwn()
    {
        std::ofstream(directory_ / "long") << "12345";
        CPPUNIT_ASSERT_THROW(static_cast<void>(readOwnFile(directory_ / "long", 4)), Error);
        fs::create_symlink(directory_ / "long", directory_ / "link");
        CPPUNIT_ASSERT_THROW(static_cast<void>(readOwnFile(directory_ / "link", 10)), Error);
        CPPUNIT_ASSERT_THROW(static_cast<void>(readOwnFile(directory_, 10)), Error);
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo((directory_ / "fifo").c_str(), 0600));
        CPPUNIT_ASSERT_THROW(static_cast<void>(readOwnFile(directory_ / "fifo", 10)), Error);
    }

    fs::path directory_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(OwnFileTest);

} // namespace
} // namespace teehost
