// SPDX-License-Identifier: Apache-2.0
#include "host/attest/http_expiry.h"

#include <cppunit/extensions/HelperMacros.h>

namespace teehost::attest {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kFetched = 1'700'000'000 * kSecond; // 2023-11-14T22:13:20Z

class HttpExpiryTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(HttpExpiryTest);
    CPPUNIT_TEST(readsHowLongAResponseIsFresh);
    CPPUNIT_TEST(readsWhetherItMayBeKept);
    CPPUNIT_TEST(readsWhenToComeBack);
    CPPUNIT_TEST_SUITE_END();

    void readsHowLongAResponseIsFresh()
    {
        const struct {
            Headers headers;
            std::int64_t seconds;
        } rows[] = {
            {{}, 3600},
            {{{"cache-control", "max-age=60"}}, 60},
            {{{"cache-control", "public, Max-Age=60"}}, 60},
            {{{"cache-control", "public"}, {"cache-control", "max-age=60"}}, 60},
            {{{"cache-control", "max-age=60"}, {"age", "50"}}, 10},
            {{{"cache-control", "max-age=60"}, {"age", "70"}}, 0},
            {{{"cache-control", "max-age=60, no-cache"}}, 0},
            {{{"cache-control", "max-age=-1"}}, 0},
            {{{"cache-control", "max-age=99999999999999999999999"}}, 366 * 24 * 3600},
            {{{"cache-control", "max-age=60"}, {"expires", "Tue, 14 Nov 2023 23:13:20 GMT"}}, 60},
            {{{"expires", "Tue, 14 Nov 2023 22:14:20 GMT"}}, 60},
            {{{"expires", "Tue, 14 Nov 2023 22:14:20 GMT"}, {"date", "Tue, 14 Nov 2023 22:14:00 GMT"}}, 20},
            {{{"expires", "Tuesday, 14-Nov-23 22:14:20 GMT"}}, 60},
            {{{"expires", "Tue Nov 14 22:14:20 2023"}}, 60},
            {{{"expires", "Tue, 14 Nov 2023 22:00:00 GMT"}}, 0},
            {{{"expires", "Tue, 14 Nov 2023 22:14:20 GMT and more"}}, 0},
            {{{"expires", "0"}}, 0},
        };
        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.headers.empty() ? "" : row.headers.front().second, row.seconds,
                                         (freshUntil(row.headers, kFetched) - kFetched) / kSecond);
    }

    void readsWhetherItMayBeKept()
    {
        CPPUNIT_ASSERT(forbidsStoring({{"cache-control", "private, no-store"}}));
        CPPUNIT_ASSERT(!forbidsStoring({{"cache-control", "no-cache"}}));
        CPPUNIT_ASSERT(!forbidsStoring({}));
    }

    void readsWhenToComeBack()
    {
        CPPUNIT_ASSERT(retryAfter({{"retry-after", " 17 "}}, kFetched) == 17s);
        CPPUNIT_ASSERT(retryAfter({{"retry-after", "Tue, 14 Nov 2023 22:13:50 GMT"}}, kFetched) == 30s);
        CPPUNIT_ASSERT(retryAfter({{"retry-after", "Tue, 14 Nov 2023 22:00:00 GMT"}}, kFetched) == 0s);
        CPPUNIT_ASSERT(!retryAfter({{"retry-after", "soon"}}, kFetched));
        CPPUNIT_ASSERT(!retryAfter({}, kFetched));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(HttpExpiryTest);

} // namespace
} // namespace teehost::attest
