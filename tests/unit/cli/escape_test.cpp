// SPDX-License-Identifier: Apache-2.0
#include <cppunit/extensions/HelperMacros.h>

#include "cli/failure.h"
#include "cli/output/escape.h"

namespace teehost::cli {
namespace {

using namespace std::string_literals;

class EscapeTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EscapeTest);
    CPPUNIT_TEST(showsWhatActsOnATerminal);
    CPPUNIT_TEST(keepsLinesAndTabsOfABlock);
    CPPUNIT_TEST(streamsAsIfItCameInOnePiece);
    CPPUNIT_TEST(holdsBackOnlyWhatMayBeCompleted);
    CPPUNIT_TEST(measuresAndCutsByCharacters);
    CPPUNIT_TEST(failuresCannotForgeMessages);
    CPPUNIT_TEST_SUITE_END();

    void showsWhatActsOnATerminal()
    {
        struct Row {
            std::string text, escaped;
        };
        const Row rows[] = {
            {"plain", "plain"},
            {"h\xC3\xA9llo \xE2\x82\xAC \xF0\x9F\x98\x80", "h\xC3\xA9llo \xE2\x82\xAC \xF0\x9F\x98\x80"},
            {"\x1b[2J\x1b]0;title\a", "\\x1b[2J\\x1b]0;title\\x07"},
            {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
            {"nul\0end"s, "nul\\x00end"},
            {"del\x7f", "del\\x7f"},
            {"csi\xC2\x9B"
             "2J",
             "csi\\u009b2J"},                          // U+009B, one character of C1
            {"\xE2\x80\xAEtxt.exe", "\\u202etxt.exe"}, // right-to-left override
            {"a\xE2\x80\x8B"
             "b",
             "a\\u200bb"},                                // zero width space
            {"\xff\xfe", "\\xff\\xfe"},                   // never in UTF-8
            {"\x9b", "\\x9b"},                            // C1 as a bare byte
            {"\xC0\xAF", "\\xc0\\xaf"},                   // overlong "/"
            {"\xED\xA0\x80", "\\xed\\xa0\\x80"},          // a surrogate
            {"\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, // above U+10FFFF
            {"cut\xE2\x82", "cut\\xe2\\x82"},             // the end is missing
            {"\xE2\x82\x1b[0m", "\\xe2\\x82\\x1b[0m"},    // a cut character hides no ESC
        };
        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL(row.escaped, escapeLine(row.text));
    }

    void keepsLinesAndTabsOfABlock()
    {
        CPPUNIT_ASSERT_EQUAL("a\nb\tc"s, escapeText("a\nb\tc"));
        CPPUNIT_ASSERT_EQUAL("line\nnext\n"s, escapeText("line\r\nnext\r\n"));
        CPPUNIT_ASSERT_EQUAL("hidden\\rshown\n"s, escapeText("hidden\rshown\n"));
        CPPUNIT_ASSERT_EQUAL("end\\r"s, escapeText("end\r"));
    }

    void streamsAsIfItCameInOnePiece()
    {
        const std::string text = "boot\r\n\xE2\x82\xAC\x1b[31m\xF0\x9F\x98\x80\rlate\xC3\n\xff\r\r\n\xE2\x82";
        for (std::size_t cut = 0; cut <= text.size(); ++cut)
            for (std::size_t again = cut; again <= text.size(); ++again) {
                StreamEscaper escaper;
                std::string out = escaper.feed(text.substr(0, cut));
                out += escaper.feed(text.substr(cut, again - cut));
                out += escaper.feed(text.substr(again));
                out += escaper.finish();
                CPPUNIT_ASSERT_EQUAL(escapeText(text), out);
            }
    }

    void holdsBackOnlyWhatMayBeCompleted()
    {
        StreamEscaper escaper;
        CPPUNIT_ASSERT_EQUAL("login: "s, escaper.feed("login: "));
        CPPUNIT_ASSERT_EQUAL("a"s, escaper.feed("a\xE2\x82"));
        CPPUNIT_ASSERT_EQUAL("\xE2\x82\xAC"s, escaper.feed("\xAC"));
        CPPUNIT_ASSERT_EQUAL(""s, escaper.finish());
    }

    void measuresAndCutsByCharacters()
    {
        CPPUNIT_ASSERT_EQUAL(std::size_t{5}, displayWidth("h\xC3\xA9llo"));
        CPPUNIT_ASSERT_EQUAL("h\xC3\xA9"s, std::string(truncateToWidth("h\xC3\xA9llo", 2)));
        CPPUNIT_ASSERT_EQUAL("short"s, std::string(truncateToWidth("short", 80)));
        CPPUNIT_ASSERT_EQUAL(""s, std::string(truncateToWidth("short", 0)));
    }

    void failuresCannotForgeMessages()
    {
        CPPUNIT_ASSERT_EQUAL("teehost: QEMU said: x\n  teehost: all is well\\x1b[8m\n  hint: look\n"s,
                             describeFailure("QEMU said: x\nteehost: all is well\x1b[8m\n", "look"));
        CPPUNIT_ASSERT_EQUAL("teehost: plain\n"s, describeFailure("plain", ""));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(EscapeTest);

} // namespace
} // namespace teehost::cli
