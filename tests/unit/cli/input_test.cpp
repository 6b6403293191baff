// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include <cppunit/extensions/HelperMacros.h>

#include "cli/client/endpoint.h"
#include "cli/failure.h"
#include "cli/input/duration.h"
#include "cli/input/file.h"
#include "cli/input/labels.h"
#include "cli/input/size.h"
#include "temporary_directory.h"

namespace teehost::cli {
namespace {

using std::chrono::nanoseconds;

template <class Parse>
void expectRefused(Parse parse, const std::string& text)
{
    CPPUNIT_ASSERT_THROW_MESSAGE(text, parse(text), UsageFailure);
}

class InputTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(InputTest);
    CPPUNIT_TEST(readsDurationsAsGoDoes);
    CPPUNIT_TEST(refusesWhatIsNoDuration);
    CPPUNIT_TEST(showsDurationsWithThreeDigits);
    CPPUNIT_TEST(readsSizesInEveryUnit);
    CPPUNIT_TEST(refusesWhatIsNoSize);
    CPPUNIT_TEST(showsSizesInAFormItReads);
    CPPUNIT_TEST(readsLabels);
    CPPUNIT_TEST(refusesBadLabels);
    CPPUNIT_TEST(readsSmallFilesWhole);
    CPPUNIT_TEST(refusesUnreadableAndHugeFiles);
    CPPUNIT_TEST(knowsAnAddress);
    CPPUNIT_TEST(refusesHalfATlsIdentity);
    CPPUNIT_TEST_SUITE_END();

    void readsDurationsAsGoDoes()
    {
        struct Row {
            const char* text;
            std::int64_t ns;
        };
        constexpr Row rows[] = {
            {"1ns", 1},
            {"5us", 5'000},
            {"5\xC2\xB5s", 5'000},
            {"5\xCE\xBCs", 5'000},
            {"250ms", 250'000'000},
            {"1s", 1'000'000'000},
            {"+2s", 2'000'000'000},
            {"1.5h", 5'400'000'000'000},
            {".5s", 500'000'000},
            {"1.s", 1'000'000'000},
            {"1h30m", 5'400'000'000'000},
            {"1h1m1s1ms1us1ns", 3'661'001'001'001},
            {"2m2m", 240'000'000'000},
            {"0.3h", 1'080'000'000'000},
            {"2562047h47m16.854775807s", 9'223'372'036'854'775'807},
        };
        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.text, row.ns, parseDuration(row.text).count());
    }

    void refusesWhatIsNoDuration()
    {
        for (const char* text :
             {"", "0", "0s", "-1s", "1", "s", ".s", "1x", "1 s", "1h ", "h1", "1m30", "1e3s", "+",
              "1000000h999999999h", "2562047h47m16.854775808s", "99999999999999999999s", "1.5.5s"})
            expectRefused(parseDuration, text);
    }

    void showsDurationsWithThreeDigits()
    {
        struct Row {
            std::int64_t ms;
            std::string text;
        };
        const Row rows[] = {{0, "0.00s"},          {42, "0.04s"},         {9'999, "9.99s"},
                            {12'340, "12.3s"},     {125'000, "2m05s"},    {3'720'000, "1h02m"},
                            {86'400'000, "1d00h"}, {273'600'000, "3d04h"}};
        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL(row.text, formatDuration(std::chrono::milliseconds(row.ms)));
    }

    void readsSizesInEveryUnit()
    {
        struct Row {
            const char* text;
            std::uint64_t bytes;
        };
        constexpr Row rows[] = {{"1B", 1},
                                {"4K", 4096},
                                {"512M", 512ull << 20},
                                {"512m", 512ull << 20},
                                {"2G", 2ull << 30},
                                {"2Gi", 2ull << 30},
                                {"2GiB", 2ull << 30},
                                {"1T", 1ull << 40},
                                {"16777215T", 16777215ull << 40}};
        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.text, row.bytes, parseSize(row.text));
    }

    void refusesWhatIsNoSize()
    {
        for (const char* text : {"", "2048", "G", "-1G", "1.5G", "0M", "1X", "1GB", "1Gib", "1BiB", "1G ",
                                 " 1G", "16777216T", "99999999999999999999M"})
            expectRefused(parseSize, text);
    }

    void showsSizesInAFormItReads()
    {
        for (const std::uint64_t bytes : {1ull, 1000ull, 4096ull, 1536ull << 20, 2ull << 30, 5ull << 50})
            CPPUNIT_ASSERT_EQUAL(bytes, parseSize(formatSize(bytes)));
        CPPUNIT_ASSERT_EQUAL(std::string("1536M"), formatSize(1536ull << 20));
        CPPUNIT_ASSERT_EQUAL(std::string("0B"), formatSize(0));
    }

    void readsLabels()
    {
        const auto labels = parseLabels({"team=blue", "empty=", "math=a=b"});
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, labels.size());
        CPPUNIT_ASSERT_EQUAL(std::string("blue"), labels.at("team"));
        CPPUNIT_ASSERT_EQUAL(std::string(), labels.at("empty"));
        CPPUNIT_ASSERT_EQUAL(std::string("a=b"), labels.at("math"));
    }

    void refusesBadLabels()
    {
        CPPUNIT_ASSERT_THROW(static_cast<void>(parseLabels({"novalue"})), UsageFailure);
        CPPUNIT_ASSERT_THROW(static_cast<void>(parseLabels({"=value"})), UsageFailure);
        CPPUNIT_ASSERT_THROW(static_cast<void>(parseLabels({"a=1", "a=2"})), UsageFailure);
    }

    void readsSmallFilesWhole()
    {
        const test::TemporaryDirectory directory;
        const std::string content = std::string(50'000, 'x') + '\0' + "end";
        std::ofstream(directory.path() / "file") << content;
        CPPUNIT_ASSERT(content == readSmallFile(directory.path() / "file", "--server-ca"));
    }

    void refusesUnreadableAndHugeFiles()
    {
        const test::TemporaryDirectory directory;
        std::ofstream(directory.path() / "huge") << std::string(kMaxSmallFileBytes + 1, 'x');
        for (const auto& path : {directory.path() / "huge", directory.path() / "absent", directory.path()}) {
            try {
                static_cast<void>(readSmallFile(path, "--server-ca"));
                CPPUNIT_FAIL(path.string() + " was read");
            } catch (const UsageFailure& failure) {
                const std::string message = failure.what();
                CPPUNIT_ASSERT_MESSAGE(message,
                                       message.starts_with("--server-ca: cannot read \"" + path.string()));
            }
        }
    }

    void knowsAnAddress()
    {
        for (const char* text :
             {"localhost:7001", "10.0.0.1:1", "[::1]:7001", "host.example.com:65535", "unix:/run/x"})
            CPPUNIT_ASSERT_NO_THROW_MESSAGE(text, checkAddress(text));
        for (const char* text : {"", "localhost", "localhost:", ":7001", "localhost:0", "localhost:65536",
                                 "::1:7001", "http://localhost:7001", "a b:1", "localhost:70x", "unix:"})
            CPPUNIT_ASSERT_THROW_MESSAGE(text, checkAddress(text), UsageFailure);
    }

    void refusesHalfATlsIdentity()
    {
        CPPUNIT_ASSERT_THROW(static_cast<void>(credentialsFor({"ca.pem", "cert.pem", ""})), UsageFailure);
        CPPUNIT_ASSERT_THROW(static_cast<void>(credentialsFor({"ca.pem", "", "key.pem"})), UsageFailure);
        CPPUNIT_ASSERT_THROW(static_cast<void>(credentialsFor({"", "cert.pem", "key.pem"})), UsageFailure);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(InputTest);

} // namespace
} // namespace teehost::cli
