// SPDX-License-Identifier: Apache-2.0
//
// The fetcher against a real server on localhost.
#include "host/attest/fetcher.h"

#include <fstream>
#include <stdexcept>

#include <cppunit/extensions/HelperMacros.h>

#include "fake_origin.h"
#include "host/attest/plain_url.h"
#include "host/base/error.h"
#include "host/base/sha256.h"
#include "host/base/text.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::attest {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using plugin::FetchRequest;
using SteadyClock = std::chrono::steady_clock;

class FetcherTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FetcherTest);
    CPPUNIT_TEST(fetchesAndKeeps);
    CPPUNIT_TEST(answersFromTheCacheOnlyWhenTold);
    CPPUNIT_TEST(needsNoHttpsForWhatItHas);
    CPPUNIT_TEST(refusesOtherHostsFromTheCacheToo);
    CPPUNIT_TEST(readsPlainUrls);
    CPPUNIT_TEST(asksAgainWhenTheCopyIsTooOld);
    CPPUNIT_TEST(revalidatesWhatItHas);
    CPPUNIT_TEST(keepsNothingThatTheOriginForbids);
    CPPUNIT_TEST(refusesWhatIsTooLarge);
    CPPUNIT_TEST(refusesAServerThatIsNotWhoItShouldBe);
    CPPUNIT_TEST(asksAllowedHostsOnlyAndOnlyByHttps);
    CPPUNIT_TEST(followsRedirectsToAllowedHostsOnly);
    CPPUNIT_TEST(leavesAHostAloneThatAsksForIt);
    CPPUNIT_TEST(tellsStatusesApart);
    CPPUNIT_TEST(keepsItsDeadlineAndStopsWhenCancelled);
    CPPUNIT_TEST(fetchesAgainWhatIsDamagedInTheCache);
    CPPUNIT_TEST(readsItsOptionsFromTheSettings);
    CPPUNIT_TEST_SUITE_END();

    launch::ScratchDir scratch_;
    Log log_{LogLevel::Error};
    cli::test::Authority authority_;
    test::FakeOrigin origin_{authority_.issue("localhost")};
    std::int64_t now_ = 1'700'000'000'000'000'000;

    FetcherOptions options() const
    {
        FetcherOptions out;
        out.hosts = {origin_.authority()};
        out.cacheDir = scratch_.path() / "collateral";
        out.caFile = scratch_.write("ca.pem", authority_.certPem());
        out.timeout = 5s;
        out.wallNs = [this] { return now_; };
        return out;
    }
    FetchRequest request(const std::string& path = "/crl") const
    {
        FetchRequest out;
        out.url = origin_.url(path);
        return out;
    }
    static std::string text(const plugin::FetchResponse& response)
    {
        return {response.body.begin(), response.body.end()};
    }
    static void expectError(Category category, const std::string& words, Fetcher& fetcher,
                            const FetchRequest& request)
    {
        try {
            static_cast<void>(fetcher.get(request));
        } catch (const Error& error) {
            const std::string message = error.what();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(message, std::string(categoryName(category)),
                                         std::string(categoryName(error.category())));
            CPPUNIT_ASSERT_MESSAGE(message, message.find(words) != std::string::npos);
            return;
        }
        CPPUNIT_FAIL("no error; expected: " + words);
    }

    void fetchesAndKeeps()
    {
        Fetcher fetcher(options(), kCurl, log_);
        origin_.answer("/crl", 200, "Content-Type: application/pkix-crl\r\nCache-Control: max-age=60\r\n",
                       "body\0\xff"s);
        auto asked = request();
        asked.accept = "application/pkix-crl";
        const auto first = fetcher.get(asked);
        CPPUNIT_ASSERT_EQUAL(200u, first.httpStatus);
        CPPUNIT_ASSERT_EQUAL("body\0\xff"s, text(first));
        CPPUNIT_ASSERT_EQUAL("application/pkix-crl"s,
                             std::string(headerNamed(first.headers, "content-type")));
        CPPUNIT_ASSERT_EQUAL(now_, first.fetchedWallNs);
        CPPUNIT_ASSERT(origin_.requests().at(0).find("\r\nAccept: application/pkix-crl\r\n") !=
                       std::string::npos);
        now_ += 59'000'000'000;
        const auto second = fetcher.get(asked);
        CPPUNIT_ASSERT_EQUAL("body\0\xff"s, text(second));
        CPPUNIT_ASSERT_EQUAL(first.fetchedWallNs, second.fetchedWallNs);
        // So does another process.
        Fetcher other(options(), kCurl, log_);
        CPPUNIT_ASSERT_EQUAL("body\0\xff"s, text(other.get(asked)));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, origin_.requests().size());
    }

    void answersFromTheCacheOnlyWhenTold()
    {
        origin_.answer("/crl", 200, "Cache-Control: max-age=60\r\n", "body");
        Fetcher fetcher(options(), kCurl, log_);
        auto cacheOnly = request();
        cacheOnly.cacheOnly = true;
        expectError(Category::NotFound, "is not in the cache", fetcher, cacheOnly);
        CPPUNIT_ASSERT(origin_.requests().empty());
        static_cast<void>(fetcher.get(request()));
        now_ += 3'600'000'000'000;
        CPPUNIT_ASSERT_EQUAL("body"s,
                             text(fetcher.get(cacheOnly))); // past its expiry, and better than nothing
        cacheOnly.revalidate = true;
        CPPUNIT_ASSERT_EQUAL("body"s, text(fetcher.get(cacheOnly)));
        cacheOnly.maxAge = 60s;
        expectError(Category::NotFound, "except as too old a copy", fetcher, cacheOnly);

        auto noNetwork = options();
        noNetwork.network = false;
        Fetcher offline(noNetwork, kCurl, log_);
        CPPUNIT_ASSERT_EQUAL("body"s, text(offline.get(request())));
        expectError(Category::NotFound, "nothing may be fetched", offline, request("/other"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, origin_.requests().size());
    }

    /// As the command-line client's kHttpsOnDemand would load libcurl.
    static inline const HttpsClient kNeverCalled{
        [](const std::string&) -> HttpsUrl { throw std::logic_error("HttpsClient::parse is called"); },
        [](const HttpsRequest&) -> HttpsResponse { throw std::logic_error("HttpsClient::get is called"); }};

    void needsNoHttpsForWhatItHas()
    {
        origin_.answer("/crl", 200, "Cache-Control: max-age=60\r\n", "body");
        static_cast<void>(Fetcher(options(), kCurl, log_).get(request()));
        Fetcher online(options(), kNeverCalled, log_);
        CPPUNIT_ASSERT_EQUAL("body"s, text(online.get(request())));
        auto noNetwork = options();
        noNetwork.network = false;
        Fetcher offline(noNetwork, kNeverCalled, log_);
        CPPUNIT_ASSERT_EQUAL("body"s, text(offline.get(request())));
        expectError(Category::NotFound, "nothing may be fetched", offline, request("/other"));
        auto cacheOnly = request("/other");
        cacheOnly.cacheOnly = true;
        expectError(Category::NotFound, "is not in the cache", online, cacheOnly);
        now_ += 61'000'000'000; // then it is asked for
        CPPUNIT_ASSERT_THROW(static_cast<void>(online.get(request())), std::logic_error);
        CPPUNIT_ASSERT_EQUAL("body"s, text(offline.get(request())));
    }

    void refusesOtherHostsFromTheCacheToo()
    {
        origin_.answer("/crl", 200, "Cache-Control: max-age=60\r\n", "body");
        static_cast<void>(Fetcher(options(), kCurl, log_).get(request()));
        auto others = options(); // the operator has taken the host from the list
        others.hosts = {"kdsintf.amd.com"};
        Fetcher online(others, kCurl, log_);
        expectError(Category::PermissionDenied, "is not a host", online, request());
        others.network = false;
        Fetcher offline(others, kNeverCalled, log_);
        expectError(Category::PermissionDenied, "is not a host", offline, request());
        auto credentials = request();
        credentials.url.insert(8, "a:b@");
        expectError(Category::InvalidArgument, "is not a plain https URL", offline, credentials);
    }

    void readsPlainUrls()
    {
        struct Row {
            const char* url;
            const char* authority;
        };
        const Row rows[] = {
            {"https://kdsintf.amd.com/vcek/v1/Milan/crl", "kdsintf.amd.com"},
            {"https://KDS.example:443/?a=b", "kds.example"},
            {"https://a-b.example:8443/", "a-b.example:8443"},
            {"https://[::1]:1/x", "[::1]:1"},
        };
        for (const Row& row : rows) {
            const auto plain = plainHttpsUrl(row.url);
            CPPUNIT_ASSERT_MESSAGE(row.url, plain.has_value());
            CPPUNIT_ASSERT_EQUAL(std::string(row.authority), plain->authority());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.url, parseHttpsUrl(row.url).authority(), plain->authority());
        }
        const std::string others[] = {"",
                                      "https://",
                                      "https:///x",
                                      "https://a",
                                      "https://a?b/",
                                      "https://a#b/",
                                      "http://a/",
                                      "HTTPS://a/",
                                      "https://a:b@c/",
                                      "https://a@c/",
                                      "https://a:/",
                                      "https://a:0/",
                                      "https://a:65536/",
                                      "https://a:99999999999/",
                                      "https://a:+1/",
                                      "https://a:1x/",
                                      "https://a\\@b/",
                                      "https://a%2eb/",
                                      "https://a_b/",
                                      "https://\xc3\xa4/",
                                      "https://a/\xc3\xa4",
                                      "https://a/b c",
                                      "https://a/\r\n",
                                      "https://[]/",
                                      "https://[::1/",
                                      "https://[::1]x/",
                                      "https://[fe80::1%25lo]/",
                                      "https://a/" + std::string(2048, 'x')};
        for (const auto& url : others)
            CPPUNIT_ASSERT_MESSAGE(url, !plainHttpsUrl(url));
    }

    void asksAgainWhenTheCopyIsTooOld()
    {
        Fetcher fetcher(options(), kCurl, log_);
        origin_.answer("/crl", 200, "Cache-Control: max-age=60\r\n", "old");
        static_cast<void>(fetcher.get(request()));
        origin_.answer("/crl", 200, "Cache-Control: max-age=60\r\n", "new");
        now_ += 30'000'000'000;
        CPPUNIT_ASSERT_EQUAL("old"s, text(fetcher.get(request())));
        auto young = request();
        young.maxAge = 10s;
        CPPUNIT_ASSERT_EQUAL("new"s, text(fetcher.get(young)));
        origin_.answer("/crl", 200, "", "newest");
        now_ += 60'000'000'000;
        CPPUNIT_ASSERT_EQUAL("newest"s, text(fetcher.get(request())));
        now_ -= 3'600'000'000'000; // a copy from the future is of unknown age
        origin_.answer("/crl", 200, "", "again");
        CPPUNIT_ASSERT_EQUAL("again"s, text(fetcher.get(request())));
    }

    void revalidatesWhatItHas()
    {
        Fetcher fetcher(options(), kCurl, log_);
        origin_.answer("/crl", 200, "ETag: \"one\"\r\nCache-Control: max-age=60\r\nContent-Type: a/b\r\n",
                       "body");
        static_cast<void>(fetcher.get(request()));
        origin_.answer("/crl", "HTTP/1.1 304 X\r\nConnection: close\r\nCache-Control: max-age=600\r\n\r\n");
        now_ += 10'000'000'000;
        auto again = request();
        again.revalidate = true;
        const auto answer = fetcher.get(again);
        CPPUNIT_ASSERT_EQUAL("body"s, text(answer));
        CPPUNIT_ASSERT_EQUAL(200u, answer.httpStatus);
        CPPUNIT_ASSERT_EQUAL(now_, answer.fetchedWallNs);
        CPPUNIT_ASSERT_EQUAL("a/b"s, std::string(headerNamed(answer.headers, "content-type")));
        CPPUNIT_ASSERT(origin_.requests().at(1).find("\r\nIf-None-Match: \"one\"\r\n") != std::string::npos);
        now_ += 300'000'000'000; // fresh by the new header
        CPPUNIT_ASSERT_EQUAL("body"s, text(fetcher.get(request())));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, origin_.requests().size());
    }

    void keepsNothingThatTheOriginForbids()
    {
        Fetcher fetcher(options(), kCurl, log_);
        origin_.answer("/crl", 200, "Cache-Control: no-store\r\n", "body");
        CPPUNIT_ASSERT_EQUAL("body"s, text(fetcher.get(request())));
        CPPUNIT_ASSERT_EQUAL("body"s, text(fetcher.get(request())));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, origin_.requests().size());
    }

    void refusesWhatIsTooLarge()
    {
        Fetcher fetcher(options(), kCurl, log_);
        origin_.answer("/crl", 200, "", std::string(1000, 'x'));
        auto small = request();
        small.maxBytes = 999;
        expectError(Category::ResourceExhausted, "has more than 999", fetcher, small);
        small.maxBytes = 1000;
        CPPUNIT_ASSERT_EQUAL(std::size_t{1000}, fetcher.get(small).body.size());
        small.maxBytes = 999; // from the cache as well
        expectError(Category::ResourceExhausted, "has more than 999", fetcher, small);
        // Without a length, until the end of the connection.
        origin_.answer("/endless", "HTTP/1.1 200 X\r\n\r\n" + std::string(100'000, 'x'));
        auto endless = request("/endless");
        endless.maxBytes = 1000;
        expectError(Category::ResourceExhausted, "has more than 1000", fetcher, endless);
        std::string heads;
        for (int i = 0; i < 100; ++i)
            heads += "X-" + std::to_string(i) + ": y\r\n";
        origin_.answer("/heads", 200, heads, "");
        expectError(Category::ResourceExhausted, "too long a head", fetcher, request("/heads"));
    }

    void refusesAServerThatIsNotWhoItShouldBe()
    {
        const test::FakeOrigin wrongName(authority_.issue("kdsintf.amd.com"));
        const test::FakeOrigin wrongAuthority(cli::test::Authority("another CA").issue("localhost"));
        auto both = options();
        both.hosts = {wrongName.authority(), wrongAuthority.authority()};
        Fetcher fetcher(both, kCurl, log_);
        for (const auto* origin : {&wrongName, &wrongAuthority}) {
            FetchRequest asked;
            asked.url = origin->url("/crl");
            expectError(Category::FailedPrecondition, "the certificate of localhost is not to be trusted",
                        fetcher, asked);
            CPPUNIT_ASSERT(origin->requests().empty());
        }
        auto noCa = options();
        noCa.caFile = "/nonexistent/ca.pem";
        Fetcher blind(noCa, kCurl, log_);
        expectError(Category::FailedPrecondition, "CA certificates cannot be read", blind, request());
    }

    void asksAllowedHostsOnlyAndOnlyByHttps()
    {
        Fetcher fetcher(options(), kCurl, log_);
        const auto refused = [&](Category category, const std::string& url, const char* words) {
            FetchRequest asked;
            asked.url = url;
            expectError(category, words, fetcher, asked);
        };
        refused(Category::PermissionDenied, "https://localhost/crl", "localhost is not a host");
        refused(Category::PermissionDenied, "https://127.0.0.1:1/", "127.0.0.1:1 is not a host");
        refused(Category::PermissionDenied, "https://evil.example/?" + origin_.authority(),
                "evil.example is not");
        refused(Category::InvalidArgument, "https://evil.example\\@" + origin_.authority(), "credentials");
        refused(Category::InvalidArgument, "http://" + origin_.authority() + "/", "is not one of https");
        refused(Category::InvalidArgument, "file:///etc/passwd", "is not one of https");
        refused(Category::InvalidArgument, "https://a:b@" + origin_.authority() + "/",
                "has credentials in it");
        refused(Category::InvalidArgument, "https://" + origin_.authority() + "/a b",
                "characters that no URL has");
        refused(Category::InvalidArgument, "https://" + origin_.authority() + "/\r\nX: y", "characters");
        refused(Category::InvalidArgument, "https://" + origin_.authority() + "/" + std::string(3000, 'a'),
                "long");
        refused(Category::InvalidArgument, "", "cannot be read");
        auto badAccept = request();
        badAccept.accept = "a/b\r\nX: y";
        expectError(Category::InvalidArgument, "media type", fetcher, badAccept);
        CPPUNIT_ASSERT(origin_.requests().empty());
        // Hosts have no case, in a URL or on the list.
        origin_.answer("/crl", 200, "", "body");
        FetchRequest upper;
        upper.url = "https://LOCALHOST" + origin_.url("/crl").substr(17);
        CPPUNIT_ASSERT_EQUAL("body"s, text(fetcher.get(upper)));
        auto shouted = options();
        shouted.hosts = {"LOCALHOST" + origin_.authority().substr(9)};
        Fetcher other(shouted, kCurl, log_);
        CPPUNIT_ASSERT_EQUAL("body"s, text(other.get(request())));
    }

    void followsRedirectsToAllowedHostsOnly()
    {
        Fetcher fetcher(options(), kCurl, log_);
        origin_.answer("/crl", 302, "Location: /moved\r\n", "elsewhere");
        origin_.answer("/moved", 200, "", "body");
        CPPUNIT_ASSERT_EQUAL("body"s, text(fetcher.get(request())));
        const test::FakeOrigin other(authority_.issue("localhost"));
        origin_.answer("/away", 301, "Location: " + other.url("/crl") + "\r\n", "");
        expectError(Category::PermissionDenied, other.authority() + " is not a host", fetcher,
                    request("/away"));
        CPPUNIT_ASSERT(other.requests().empty());
        origin_.answer("/plain", 301, "Location: http://" + origin_.authority() + "/moved\r\n", "");
        expectError(Category::InvalidArgument, "is not one of https", fetcher, request("/plain"));
        origin_.answer("/round", 301, "Location: /round\r\n", "");
        expectError(Category::FailedPrecondition, "redirected too often", fetcher, request("/round"));
    }

    void leavesAHostAloneThatAsksForIt()
    {
        Fetcher fetcher(options(), kCurl, log_);
        origin_.answer("/crl", 429, "Retry-After: 27\r\n", "");
        expectError(Category::Unavailable, "localhost asked not to be asked again for another 27s", fetcher,
                    request());
        origin_.answer("/crl", 200, "", "body");
        expectError(Category::Unavailable, "localhost asked not to be asked again", fetcher, request());
        expectError(Category::Unavailable, "localhost asked not to be asked again", fetcher,
                    request("/other"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, origin_.requests().size());
        // It is over when it is over: at least a second, whatever the origin says.
        Fetcher patient(options(), kCurl, log_);
        origin_.answer("/crl", 503, "Retry-After: 0\r\n", "");
        expectError(Category::Unavailable, "for another 1s", patient, request());
        origin_.answer("/crl", 200, "", "body");
        const auto limit = SteadyClock::now() + 10s;
        std::string got;
        while (got.empty() && SteadyClock::now() < limit)
            try {
                got = text(patient.get(request()));
            } catch (const Error&) {
                std::this_thread::yield();
            }
        CPPUNIT_ASSERT_EQUAL("body"s, got);
    }

    void tellsStatusesApart()
    {
        Fetcher fetcher(options(), kCurl, log_);
        expectError(Category::NotFound, "localhost answered 404", fetcher, request("/absent"));
        origin_.answer("/crl", 500, "", "sorry");
        expectError(Category::Unavailable, "localhost answered 500", fetcher, request());
        origin_.answer("/crl", 403, "", "");
        expectError(Category::FailedPrecondition, "localhost answered 403", fetcher, request());
        origin_.answer("/crl", 304, "", ""); // which nobody asked for
        expectError(Category::FailedPrecondition, "localhost answered 304", fetcher, request());
        origin_.answer("/crl", "not HTTP at all\r\n\r\n");
        expectError(Category::Unavailable, "cannot reach localhost", fetcher, request());
        CPPUNIT_ASSERT(!std::filesystem::exists(options().cacheDir)); // nothing of that is kept
    }

    void keepsItsDeadlineAndStopsWhenCancelled()
    {
        Fetcher fetcher(options(), kCurl, log_);
        origin_.answer("/crl", 200, "", "body");
        origin_.answerLate(60s);
        auto asked = request();
        asked.deadline = SteadyClock::now() + 300ms;
        const auto begun = SteadyClock::now();
        expectError(Category::DeadlineExceeded, "did not answer in time", fetcher, asked);
        asked.deadline = SteadyClock::now() - 1s;
        expectError(Category::DeadlineExceeded, "no time left", fetcher, asked);
        asked.deadline.reset();
        int polls = 0;
        asked.cancelled = [&polls] { return ++polls > 2; };
        expectError(Category::Cancelled, "nobody waits", fetcher, asked);
        CPPUNIT_ASSERT(SteadyClock::now() - begun < 20s);
    }

    void fetchesAgainWhatIsDamagedInTheCache()
    {
        Fetcher fetcher(options(), kCurl, log_);
        origin_.answer("/crl", 200, "Cache-Control: max-age=60\r\n", "body");
        static_cast<void>(fetcher.get(request()));
        std::ofstream(options().cacheDir / toHex(sha256(request().url)), std::ios::app) << "more";
        CPPUNIT_ASSERT_EQUAL("body"s, text(fetcher.get(request())));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, origin_.requests().size());
    }

    void readsItsOptionsFromTheSettings()
    {
        const auto usual = fetcherOptions(launch::hostSettings(scratch_), "/usual");
        CPPUNIT_ASSERT(usual.network && usual.caFile.empty() && usual.timeout == 20s);
        CPPUNIT_ASSERT_EQUAL("/usual"s, usual.cacheDir.string());
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, usual.hosts.size());
        CPPUNIT_ASSERT_EQUAL("kdsintf.amd.com"s, usual.hosts[0]);
        const auto set =
            fetcherOptions(launch::hostSettings(scratch_, {"attest.fetch=false", "attest.fetch_hosts=a,b:1",
                                                           "attest.cache_dir=/c", "attest.fetch_ca=/ca",
                                                           "attest.fetch_timeout=1s"}),
                           "/usual");
        CPPUNIT_ASSERT(!set.network && set.timeout == 1s && set.caFile == "/ca" && set.cacheDir == "/c");
        CPPUNIT_ASSERT_EQUAL("b:1"s, set.hosts.at(1));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(FetcherTest);

} // namespace
} // namespace teehost::attest
