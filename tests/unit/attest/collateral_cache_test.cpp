// SPDX-License-Identifier: Apache-2.0
#include "host/attest/collateral_cache.h"

#include <fstream>

#include <sys/stat.h>

#include <cppunit/extensions/HelperMacros.h>

#include "host/base/sha256.h"
#include "host/base/text.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::attest {
namespace {

namespace fs = std::filesystem;
using launch::ScratchDir;

const std::string kUrl = "https://kdsintf.amd.com/vcek/v1/Milan/crl";

class CollateralCacheTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CollateralCacheTest);
    CPPUNIT_TEST(givesBackWhatItWasGiven);
    CPPUNIT_TEST(keepsFilesToItself);
    CPPUNIT_TEST(passesOverEveryDamagedFile);
    CPPUNIT_TEST(keepsNothingWhereOthersMayWrite);
    CPPUNIT_TEST(dropsTheOldestBeyondItsLimit);
    CPPUNIT_TEST_SUITE_END();

    ScratchDir scratch_;
    Log log_{LogLevel::Error};
    const fs::path directory_ = scratch_.path() / "state/collateral";
    const CollateralCache cache_{directory_, log_};

    static CachedCollateral collateral(const std::string& url = kUrl)
    {
        return {
            url, "application/pkix-crl", {200, {0, 1, '\n', 0xff}, {{"etag", "\"a\""}, {"age", "1"}}, 42}};
    }
    fs::path fileOf(const std::string& url) const { return directory_ / toHex(sha256(url)); }
    static unsigned modeOf(const fs::path& path)
    {
        struct stat status {};
        CPPUNIT_ASSERT_EQUAL(0, ::lstat(path.c_str(), &status));
        return status.st_mode & 07777u;
    }

    void givesBackWhatItWasGiven()
    {
        CPPUNIT_ASSERT(!cache_.find(kUrl, "application/pkix-crl"));
        CPPUNIT_ASSERT(!fs::exists(directory_)); // looking makes nothing
        cache_.put(collateral());
        const auto found = cache_.find(kUrl, "application/pkix-crl");
        CPPUNIT_ASSERT(found);
        CPPUNIT_ASSERT_EQUAL(200u, found->response.httpStatus);
        CPPUNIT_ASSERT(found->response.body == collateral().response.body);
        CPPUNIT_ASSERT(found->response.headers == collateral().response.headers);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{42}, found->response.fetchedWallNs);
        CPPUNIT_ASSERT(!cache_.find(kUrl, "text/plain"));
        CPPUNIT_ASSERT(!cache_.find(kUrl + "2", "application/pkix-crl"));
    }

    void keepsFilesToItself()
    {
        cache_.put(collateral());
        CPPUNIT_ASSERT_EQUAL(0700u, modeOf(directory_));
        CPPUNIT_ASSERT_EQUAL(0600u, modeOf(fileOf(kUrl)));
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{1},
                             std::distance(fs::directory_iterator(directory_), fs::directory_iterator()));
    }

    void passesOverEveryDamagedFile()
    {
        cache_.put(collateral());
        const auto path = fileOf(kUrl);
        std::ifstream file(path, std::ios::binary);
        const std::string good((std::istreambuf_iterator<char>(file)), {});
        const auto isFound = [&](const std::string& content) {
            std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
            return cache_.find(kUrl, "application/pkix-crl").has_value();
        };
        CPPUNIT_ASSERT(isFound(good));
        for (std::size_t length = 0; length < good.size(); ++length)
            CPPUNIT_ASSERT_MESSAGE("cut after " + std::to_string(length), !isFound(good.substr(0, length)));
        const auto body = good.find('\n') + 1;
        for (std::size_t i = body; i < good.size(); ++i) {
            std::string flipped = good;
            flipped[i] = static_cast<char>(flipped[i] ^ 1);
            CPPUNIT_ASSERT(!isFound(flipped));
        }
        CPPUNIT_ASSERT(!isFound(good + "x"));
        CPPUNIT_ASSERT(!isFound("{}\n"));
        CPPUNIT_ASSERT(!isFound(std::string(1000, '[') + "\n"));
        // The file of another URL, put in its place.
        cache_.put(collateral(kUrl + "2"));
        fs::rename(fileOf(kUrl + "2"), path);
        CPPUNIT_ASSERT(!cache_.find(kUrl, "application/pkix-crl"));
        fs::remove(path);
        fs::create_symlink("/etc/passwd", path);
        CPPUNIT_ASSERT(!cache_.find(kUrl, "application/pkix-crl"));
        cache_.put(collateral()); // and it heals
        CPPUNIT_ASSERT(cache_.find(kUrl, "application/pkix-crl"));
    }

    void keepsNothingWhereOthersMayWrite()
    {
        cache_.put(collateral());
        fs::permissions(directory_, fs::perms::others_write, fs::perm_options::add);
        CPPUNIT_ASSERT(!cache_.find(kUrl, "application/pkix-crl"));
        cache_.put(collateral(kUrl + "2"));
        CPPUNIT_ASSERT(!fs::exists(fileOf(kUrl + "2")));
    }

    void dropsTheOldestBeyondItsLimit()
    {
        cache_.put(collateral());
        fs::last_write_time(fileOf(kUrl), fs::file_time_type::clock::now() - std::chrono::hours(1));
        for (int i = 0; i < 1023; ++i)
            std::ofstream(directory_ / std::to_string(i)) << "x";
        CPPUNIT_ASSERT(fs::exists(fileOf(kUrl)));
        cache_.put(collateral(kUrl + "2"));
        CPPUNIT_ASSERT(!fs::exists(fileOf(kUrl)));
        CPPUNIT_ASSERT(fs::exists(fileOf(kUrl + "2")));
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{1024},
                             std::distance(fs::directory_iterator(directory_), fs::directory_iterator()));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(CollateralCacheTest);

} // namespace
} // namespace teehost::attest
