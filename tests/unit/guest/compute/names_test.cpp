// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/compute/names.h"

namespace teehost::guest {
namespace {

class NamesTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(NamesTest);
    CPPUNIT_TEST(takesNamesOfFiles);
    CPPUNIT_TEST(refusesWhatLeadsElsewhere);
    CPPUNIT_TEST(splitsPaths);
    CPPUNIT_TEST(refusesPathsThatLeadElsewhere);
    CPPUNIT_TEST_SUITE_END();

    void takesNamesOfFiles()
    {
        for (const auto* name : {"a", "iris.csv", "two words", "...", "\xc3\xa9t\xc3\xa9", "-rf"})
            CPPUNIT_ASSERT_MESSAGE(name, isFileName(name));
        CPPUNIT_ASSERT(isFileName(std::string(255, 'n')));
    }

    void refusesWhatLeadsElsewhere()
    {
        for (const auto* name : {"", ".", "..", "/", "a/b", "../a", "a\\b", "a\nb", "\x1b[2J", "\x7f"})
            CPPUNIT_ASSERT_MESSAGE(name, !isFileName(name));
        CPPUNIT_ASSERT(!isFileName(std::string_view("a\0b", 3)));
        CPPUNIT_ASSERT(!isFileName(std::string(256, 'n')));
    }

    void splitsPaths()
    {
        CPPUNIT_ASSERT(pathParts("a/b/c.csv") == std::vector<std::string>({"a", "b", "c.csv"}));
        CPPUNIT_ASSERT(pathParts("a/") == std::vector<std::string>({"a"}));
    }

    void refusesPathsThatLeadElsewhere()
    {
        for (const auto* path : {"", "/", "/a", "a//b", "a/../b", "./a", "a/..", "a\\..\\b", "C:/\x01"})
            CPPUNIT_ASSERT_MESSAGE(path, !pathParts(path));
        std::string deep = "a";
        for (std::size_t i = 1; i < kMaxPathParts; ++i)
            deep += "/a";
        CPPUNIT_ASSERT(pathParts(deep));
        CPPUNIT_ASSERT(!pathParts(deep + "/a"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(NamesTest);

} // namespace
} // namespace teehost::guest
