// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/printable.h"

namespace teehost::guest {
namespace {

class PrintableTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PrintableTest);
    CPPUNIT_TEST(escapesWhatATerminalWouldObey);
    CPPUNIT_TEST(leavesOnlyPrintableBytesOfAny);
    CPPUNIT_TEST(cutsAtTheLimit);
    CPPUNIT_TEST_SUITE_END();

    void escapesWhatATerminalWouldObey()
    {
        struct Row {
            std::string_view text;
            std::string_view expected;
        };
        static constexpr Row rows[] = {
            {"", ""},
            {"6f1d1b1e-9f1c ~!", "6f1d1b1e-9f1c ~!"},
            {"\x1b[2Jx", "\\x1b[2Jx"},
            {"a\r\nteehost-agent: forged", "a\\x0d\\x0ateehost-agent: forged"},
            {std::string_view("\0\x7f\x80\xff", 4), "\\x00\\x7f\\x80\\xff"},
            {"\\x41", "\\x5cx41"}, // the backslash too, or two texts would read the same
        };
        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL(std::string(row.expected), printable(row.text));
    }

    void leavesOnlyPrintableBytesOfAny()
    {
        for (int byte = 0; byte < 256; ++byte)
            for (const char c : printable(std::string(1, static_cast<char>(byte))))
                CPPUNIT_ASSERT(c >= 0x20 && c < 0x7f);
    }

    void cutsAtTheLimit()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("abc"), printable("abc", 3));
        CPPUNIT_ASSERT_EQUAL(std::string("abc..."), printable("abcd", 3));
        CPPUNIT_ASSERT_EQUAL(std::string(128, 'a') + "...", printable(std::string(1'000'000, 'a')));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PrintableTest);

} // namespace
} // namespace teehost::guest
