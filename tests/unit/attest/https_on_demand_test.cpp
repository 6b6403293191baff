// SPDX-License-Identifier: Apache-2.0
//
// The library with libcurl, as programs find it in an installation.
#include <cstdlib>
#include <filesystem>
#include <string>

#include <stdlib.h>

#include <cppunit/extensions/HelperMacros.h>

#include "host/base/helper_process.h"

namespace teehost::attest {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class HttpsOnDemandTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(HttpsOnDemandTest);
    CPPUNIT_TEST(isLoadedWhenItIsUsed);
    CPPUNIT_TEST(saysWhenItIsMissing);
    CPPUNIT_TEST(takesNoneOfAnotherBuild);
    CPPUNIT_TEST(takesTheOneThatItHolds);
    CPPUNIT_TEST_SUITE_END();

    fs::path directory_;

    [[nodiscard]] fs::path library() const { return directory_ / "lib/teehost/teehost-https.so"; }

    HelperResult parse(const std::string& url, const std::string& meanwhile = {})
    {
        std::vector<std::string> argv{directory_ / "bin/https-parse", url};
        if (!meanwhile.empty())
            argv.push_back(meanwhile);
        return runHelper(argv, 60s);
    }

    static void expect(const std::string& words, const HelperResult& result)
    {
        CPPUNIT_ASSERT_MESSAGE(result.output, result.output.find(words) != std::string::npos);
    }

    void isLoadedWhenItIsUsed()
    {
        fs::copy_file(TEEHOST_HTTPS_LIBRARY, library());
        const auto good = parse("https://Collateral.example:8443/x");
        CPPUNIT_ASSERT(good.ok());
        expect("collateral.example:8443\n", good);
        const auto bad = parse("http://collateral.example/"); // an exception of the library's
        CPPUNIT_ASSERT(!bad.ok());
        expect("https", bad);
    }

    void saysWhenItIsMissing()
    {
        const auto result = parse("https://a.example/");
        CPPUNIT_ASSERT(!result.ok());
        expect("teehost-https.so", result);
        expect("reinstall the whole package", result);
    }

    void takesNoneOfAnotherBuild()
    {
        for (const std::string build : {"version", "entry", "type"}) {
            fs::copy_file(fs::path(TEEHOST_HTTPS_FIXTURES) / ("https-fixture-" + build + ".so"), library(),
                          fs::copy_options::overwrite_existing);
            const auto result = parse("https://a.example/");
            CPPUNIT_ASSERT_MESSAGE(build, !result.ok());
            expect(build == "type" ? "built with another compiler" : "is of another build", result);
            expect("reinstall the whole package", result);
        }
    }

    /// An upgrade of the package replaces the file while a daemon runs.
    void takesTheOneThatItHolds()
    {
        fs::copy_file(TEEHOST_HTTPS_LIBRARY, library());
        const auto result =
            parse("https://a.example/", "rm " + library().string() + " && echo >" + library().string());
        CPPUNIT_ASSERT_MESSAGE(result.output, result.ok());
        expect("a.example\n", result);
    }

public:
    void setUp() override
    {
        std::string pattern = (fs::temp_directory_path() / "teehost-https-XXXXXX").string();
        directory_ = ::mkdtemp(pattern.data());
        fs::create_directories(directory_ / "bin");
        fs::create_directories(library().parent_path());
        fs::copy_file(TEEHOST_HTTPS_PARSE, directory_ / "bin/https-parse");
    }
    void tearDown() override { fs::remove_all(directory_); }
};
CPPUNIT_TEST_SUITE_REGISTRATION(HttpsOnDemandTest);

} // namespace
} // namespace teehost::attest
