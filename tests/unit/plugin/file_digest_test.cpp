// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>
#include <string>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/plugin/plugin.h"

namespace teehost::plugin {
namespace {

class FileDigestTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FileDigestTest);
    CPPUNIT_TEST(isComputedOnceWhenItIsShown);
    CPPUNIT_TEST(isComputedAgainAfterAFailure);
    CPPUNIT_TEST(isEmptyWithoutAFile);
    CPPUNIT_TEST_SUITE_END();

    void isComputedOnceWhenItIsShown()
    {
        int computed = 0;
        const FileDigest digest([&] { return "ab" + std::to_string(++computed); });
        const FileDigest copy = digest;
        CPPUNIT_ASSERT_EQUAL(0, computed);
        CPPUNIT_ASSERT_EQUAL(std::string("ab1"), copy.hex());
        CPPUNIT_ASSERT_EQUAL(std::string("ab1"), digest.hex());
        CPPUNIT_ASSERT_EQUAL(std::string("ab1"), FileDigest(copy).hex());
        CPPUNIT_ASSERT_EQUAL(1, computed);
    }

    void isComputedAgainAfterAFailure()
    {
        int tries = 0;
        const FileDigest digest([&]() -> std::string {
            if (++tries == 1)
                throw std::runtime_error("the file cannot be read");
            return "cd";
        });
        CPPUNIT_ASSERT_THROW((void)digest.hex(), std::runtime_error);
        CPPUNIT_ASSERT_EQUAL(std::string("cd"), digest.hex());
        CPPUNIT_ASSERT_EQUAL(std::string("cd"), digest.hex());
        CPPUNIT_ASSERT_EQUAL(2, tries);
    }

    void isEmptyWithoutAFile() { CPPUNIT_ASSERT_EQUAL(std::string(), FileDigest().hex()); }
};
CPPUNIT_TEST_SUITE_REGISTRATION(FileDigestTest);

} // namespace
} // namespace teehost::plugin
