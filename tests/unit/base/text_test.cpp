// SPDX-License-Identifier: Apache-2.0
#include "host/base/text.h"

#include <cppunit/extensions/HelperMacros.h>
#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/json.h"
#include "host/base/vm_id.h"

namespace teehost {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

class TextTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TextTest);
    CPPUNIT_TEST(readsEveryFormOfADuration);
    CPPUNIT_TEST(refusesWhatIsNoDuration);
    CPPUNIT_TEST(daysAreOnlyForSettings);
    CPPUNIT_TEST(writesDurationsItReadsBack);
    CPPUNIT_TEST(readsEveryFormOfASize);
    CPPUNIT_TEST(refusesWhatIsNoSize);
    CPPUNIT_TEST(writesSizesItReadsBack);
    CPPUNIT_TEST(refusesNumbersWithSignsAndBlanks);
    CPPUNIT_TEST(hexadecimalGoesBothWays);
    CPPUNIT_TEST(showsControlBytesEscaped);
    CPPUNIT_TEST(knowsUtf8FromWhatLooksLikeIt);
    CPPUNIT_TEST(quotesForTheShell);
    CPPUNIT_TEST(suggestsOnlyWhatIsNear);
    CPPUNIT_TEST(refusesDeepJson);
    CPPUNIT_TEST(vmIdsAreCanonicalUuids);
    CPPUNIT_TEST_SUITE_END();

    void readsEveryFormOfADuration()
    {
        struct Row {
            std::string_view text;
            nanoseconds value;
        };
        const Row rows[] = {
            {"0", 0ns},   {"1ns", 1ns},        {"7us", 7us},    {"7\xc2\xb5s", 7us},      {"300ms", 300ms},
            {"90s", 90s}, {"1h30m", 90min},    {"1.5h", 90min}, {"2h45m10s", 9910s},      {".5s", 500ms},
            {"1.s", 1s},  {"1h1ns", 1h + 1ns}, {"0.1s", 100ms}, {"106751d", 24h * 106751}};
        for (const auto& row : rows)
            CPPUNIT_ASSERT_MESSAGE(std::string(row.text),
                                   row.value == parseDuration(row.text, DurationUnits::WithDays));
    }

    void refusesWhatIsNoDuration()
    {
        for (const std::string_view text : {"", "1", "abc", "-1s", "+1s", "1 s", "s", ".s", "1h 30m", "1e3s",
                                            "9999999999h", "99999999999999999999s", "1s\n"})
            CPPUNIT_ASSERT_THROW_MESSAGE(std::string(text),
                                         (void)parseDuration(text, DurationUnits::WithDays), InvalidArgument);
    }

    void daysAreOnlyForSettings()
    {
        CPPUNIT_ASSERT_THROW((void)parseDuration("1d", DurationUnits::Go), InvalidArgument);
    }

    void writesDurationsItReadsBack()
    {
        for (const nanoseconds value :
             {nanoseconds(0s), nanoseconds(1ns), nanoseconds(90min), nanoseconds(1h + 1ms)})
            CPPUNIT_ASSERT(value == parseDuration(formatDuration(value), DurationUnits::Go));
        CPPUNIT_ASSERT_EQUAL(std::string("1h30m"), formatDuration(90min));
    }

    void readsEveryFormOfASize()
    {
        struct Row {
            std::string_view text;
            std::uint64_t bytes;
        };
        static constexpr Row rows[] = {
            {"0", 0},           {"512", 512}, {"2048M", 2048ull << 20}, {"25G", 25ull << 30},
            {"1T", 1ull << 40}, {"4k", 4096}, {"1GiB", 1ull << 30},     {"7B", 7}};
        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(row.text), row.bytes, parseSize(row.text));
    }

    void refusesWhatIsNoSize()
    {
        for (const std::string_view text :
             {"", "M", "1.5G", "-1", "1 G", "1MB", "1X", "99999999999T", "18446744073709551616"})
            CPPUNIT_ASSERT_THROW_MESSAGE(std::string(text), (void)parseSize(text), InvalidArgument);
    }

    void writesSizesItReadsBack()
    {
        for (const std::uint64_t bytes : {0ull, 1ull, 1536ull << 20, 2ull << 30, 1000ull})
            CPPUNIT_ASSERT_EQUAL(bytes, parseSize(formatSize(bytes)));
    }

    void refusesNumbersWithSignsAndBlanks()
    {
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{42}, parseUnsigned("42"));
        for (const std::string_view text : {"", "-1", "+1", " 1", "1 ", "0x10", "18446744073709551616"})
            CPPUNIT_ASSERT_THROW_MESSAGE(std::string(text), (void)parseUnsigned(text), InvalidArgument);
    }

    void hexadecimalGoesBothWays()
    {
        const std::vector<std::uint8_t> bytes{0x00, 0x7F, 0xFF};
        CPPUNIT_ASSERT_EQUAL(std::string("007fff"), toHex(bytes));
        CPPUNIT_ASSERT(bytes == parseHex("007FfF"));
        for (const std::string_view text : {"0", "0g", "00 "})
            CPPUNIT_ASSERT_THROW((void)parseHex(text), InvalidArgument);
    }

    void showsControlBytesEscaped()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("a\\x1b[2J\\x0ab\\x7f"), printable("a\x1b[2J\nb\x7f"));
        CPPUNIT_ASSERT_EQUAL(std::string("gr\xc3\xbc\xc3\x9f"), printable("gr\xc3\xbc\xc3\x9f"));
        CPPUNIT_ASSERT_EQUAL(std::string("\\xff\\xc3"), printable("\xff\xc3"));
        // U+009B starts a terminal control sequence as ESC [ does.
        CPPUNIT_ASSERT_EQUAL(std::string("\\xc2\\x9b2J"), printable("\xc2\x9b"
                                                                    "2J"));
    }

    void knowsUtf8FromWhatLooksLikeIt()
    {
        CPPUNIT_ASSERT(isUtf8("\xf0\x9f\x98\x80 ok"));
        for (const std::string_view text :
             {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80", "\x80", "\xe2\x82"})
            CPPUNIT_ASSERT(!isUtf8(text));
    }

    void quotesForTheShell()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("-name"), shellQuoted("-name"));
        CPPUNIT_ASSERT_EQUAL(std::string("'a b'"), shellQuoted("a b"));
        CPPUNIT_ASSERT_EQUAL(std::string("'it'\\''s'"), shellQuoted("it's"));
        CPPUNIT_ASSERT_EQUAL(std::string("''"), shellQuoted(""));
        CPPUNIT_ASSERT_EQUAL(std::string("'$(x)'"), shellQuoted("$(x)"));
    }

    void suggestsOnlyWhatIsNear()
    {
        const std::vector<std::string> known{"grpc.port", "http.port"};
        CPPUNIT_ASSERT_EQUAL(std::string("grpc.port"), nearest("grpc.prot", known));
        CPPUNIT_ASSERT_EQUAL(std::string(), nearest("completely.else", known));
    }

    void refusesDeepJson()
    {
        CPPUNIT_ASSERT_EQUAL(1, parseUntrustedJson(R"({"a":[[1]],"b":"[[[[[["})", 3)["a"][0][0].get<int>());
        CPPUNIT_ASSERT_THROW((void)parseUntrustedJson("[[[[1]]]]", 3), InvalidArgument);
        CPPUNIT_ASSERT_THROW((void)parseUntrustedJson("{} x"), InvalidArgument);
        CPPUNIT_ASSERT_THROW((void)parseUntrustedJson(std::string(200000, '[')), InvalidArgument);
    }

    void vmIdsAreCanonicalUuids()
    {
        const auto id = VmId::random();
        CPPUNIT_ASSERT(VmId::parse(id.text()) == id);
        CPPUNIT_ASSERT_EQUAL('4', id.text()[14]);
        CPPUNIT_ASSERT(VmId::random() != id);
        for (const std::string_view text :
             {"", "../../../../../../../../etc/passwd---", "6BA7B810-9DAD-41D1-80B4-00C04FD430C8",
              "6ba7b810-9dad-41d1-80b4-00c04fd430c", "6ba7b8109dad41d180b400c04fd430c8aaaa"})
            CPPUNIT_ASSERT_MESSAGE(std::string(text), !VmId::parse(text));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TextTest);

} // namespace
} // namespace teehost
