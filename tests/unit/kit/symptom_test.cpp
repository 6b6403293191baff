// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>

#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/symptom.h>

namespace teehost::kit {
namespace {

class SymptomTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SymptomTest);
    CPPUNIT_TEST(findsPartsOfALineInTheirOrder);
    CPPUNIT_TEST(tellsTheFirstLineOfEach);
    CPPUNIT_TEST(isLessSureOfWarnings);
    CPPUNIT_TEST(takesLinesWithEveryEnd);
    CPPUNIT_TEST_SUITE_END();

    void findsPartsOfALineInTheirOrder()
    {
        struct Row {
            const char* line;
            const char* words;
            bool has;
        };
        static constexpr Row rows[] = {
            {"vm-type SEV-SNP not supported by KVM", "vm-type * not supported", true},
            {"VM-TYPE snp NOT SUPPORTED", "vm-type *snp*not supported", true},
            {"not supported: vm-type snp", "vm-type * not supported", false},
            {"ab", "a*b", true},
            {"aba", "ab*ba", false}, // a part begins behind the one before it
            {"abba", "ab*ba", true},
            {"failed", "fail*", true},
            {"failed", "*led", true},
            {"a\xc3\x84", "\xc3\xa4", false}, // letters of ASCII only
            {"", "x", false},
        };
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(row.line) + " / " + row.words, row.has,
                                         hasWords(row.line, row.words));
    }

    void tellsTheFirstLineOfEach()
    {
        constexpr std::array table{Symptom{"second", 90, "b", "b"}, Symptom{"first", 50, "a", "a"},
                                   Symptom{"never*there", 99, "c", "c"}};
        const std::string text = "nothing\nthe FIRST one\nnever\nthere\na second\r\nthe first and second\n";
        const auto found = findSymptoms(table, text);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, found.size());
        CPPUNIT_ASSERT(found[0].symptom == &table[1] && found[1].symptom == &table[0]);
        CPPUNIT_ASSERT_EQUAL(std::string("the FIRST one"), std::string(found[0].line));
        CPPUNIT_ASSERT_EQUAL(std::string("a second"), std::string(found[1].line));
    }

    void isLessSureOfWarnings()
    {
        constexpr std::array table{Symptom{"odd", 90, "a", "a"}};
        CPPUNIT_ASSERT_EQUAL(90u, findSymptoms(table, "qemu: odd").front().confidence);
        CPPUNIT_ASSERT_EQUAL(kOnlyFollows, findSymptoms(table, "qemu: warning: odd").front().confidence);
    }

    void takesLinesWithEveryEnd()
    {
        std::string_view text = "a\r\n\nb\r";
        for (const char* line : {"a", "", "b"})
            CPPUNIT_ASSERT_EQUAL(std::string(line), std::string(takeLine(text)));
        CPPUNIT_ASSERT(text.empty());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SymptomTest);

} // namespace
} // namespace teehost::kit
