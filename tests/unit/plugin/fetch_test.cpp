// SPDX-License-Identifier: Apache-2.0
//
// The fetch service from a plugin's side: sdk::Call::fetch through the C tables to a FetchService and back.
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "support.h"
#include "teehost/plugin.hpp"

namespace teehost::plugin::test {
namespace {

using namespace std::chrono_literals;

/// What verify of the plugin does. Static: the plugin is made by the host.
std::function<void(sdk::Call)> body;

class Fetching final : public sdk::Plugin {
public:
    static constexpr sdk::About kAbout{.id = "fetching",
                                       .version = "1.0.0",
                                       .vendor = "test",
                                       .license = "Apache-2.0",
                                       .summary = "Fetches",
                                       .flags = TH_ROLE_ATTESTER};
    static constexpr std::array kVerifyChecks{
        sdk::Check{.id = "crl", .title = "CRL", .flags = TH_CHECK_REQUIRED}};

    explicit Fetching(sdk::Call) {}
    static int recognise(const sdk::Blob&) { return 0; }
    void verify(sdk::Call call, const sdk::VerifyRequest&, sdk::Checks out) override
    {
        body(call);
        out.pass("crl");
    }
};

/// Keeps what it is asked and answers what it is told.
class FakeFetch final : public FetchService {
public:
    FetchResponse get(const FetchRequest& request) override
    {
        asked.push_back(request);
        if (failure)
            throw *failure;
        return {200, {1, 2, 3}, {{"etag", "\"x\""}}, 77};
    }
    std::vector<FetchRequest> asked;
    std::optional<Error> failure;
};

class FetchTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FetchTest);
    CPPUNIT_TEST(handsRequestAndResponseThrough);
    CPPUNIT_TEST(tellsThePluginWhyItFailed);
    CPPUNIT_TEST(staysOfflineWhenTheRequestSaysSo);
    CPPUNIT_TEST(isAbsentWithoutAFetcher);
    CPPUNIT_TEST_SUITE_END();

    KeptLog kept_;
    std::shared_ptr<FakeFetch> fetch_ = std::make_shared<FakeFetch>();

    std::unique_ptr<Plugin> plugin()
    {
        auto made = std::make_unique<Plugin>(
            negotiate(sdk::Bridge<Fetching>::entry, "/p.so", FileDigest(), kept_.log), kept_.log);
        made->serveFetch(fetch_);
        made->create({});
        return made;
    }

    void handsRequestAndResponseThrough()
    {
        body = [](sdk::Call call) {
            CPPUNIT_ASSERT(call.canFetch());
            const auto fetched = call.fetch(
                "https://a/b", {.accept = "a/b", .maxAge = 5s, .maxBytes = 9, .flags = TH_FETCH_REVALIDATE});
            CPPUNIT_ASSERT(fetched.body == std::vector<std::uint8_t>({1, 2, 3}));
            CPPUNIT_ASSERT(fetched.httpStatus == 200 && fetched.fetchedWallNs == 77);
            CPPUNIT_ASSERT(fetched.headers.at(0).first == "etag");
        };
        CallContext context;
        context.deadline = std::chrono::steady_clock::now() + 1h;
        context.cancelled = [] { return true; };
        CPPUNIT_ASSERT(plugin()->verify(context, {}).accepted);
        const auto& asked = fetch_->asked.at(0);
        CPPUNIT_ASSERT(asked.url == "https://a/b" && asked.accept == "a/b" && asked.maxAge == 5s);
        CPPUNIT_ASSERT(asked.maxBytes == 9 && asked.revalidate && !asked.cacheOnly);
        CPPUNIT_ASSERT(asked.deadline == context.deadline && asked.cancelled());
    }

    void tellsThePluginWhyItFailed()
    {
        fetch_->failure = Error(Category::Unavailable, "it asked not to be asked", "wait");
        body = [this](sdk::Call call) {
            try {
                static_cast<void>(call.fetch("https://a/b"));
                CPPUNIT_FAIL("it was fetched");
            } catch (const sdk::Error& error) {
                CPPUNIT_ASSERT_EQUAL(th_status{TH_UNAVAILABLE}, error.status());
                const std::string message = error.what();
                CPPUNIT_ASSERT_MESSAGE(message, message.find("https://a/b: it asked not to be asked") !=
                                                    std::string::npos);
            }
            fetch_->failure.reset();
            static_cast<void>(call.fetch("https://a/b")); // and goes on
        };
        CPPUNIT_ASSERT(plugin()->verify({}, {}).accepted);
        fetch_->failure = Error(Category::NotFound, "no such CRL");
        body = [](sdk::Call call) { static_cast<void>(call.fetch("https://a/b")); };
        expectError(Category::NotFound, "no such CRL",
                    [this] { static_cast<void>(plugin()->verify({}, {})); });
        body = [](sdk::Call call) { static_cast<void>(call.fetch("")); };
        expectError(Category::InvalidArgument, "URL to fetch",
                    [this] { static_cast<void>(plugin()->verify({}, {})); });
    }

    void staysOfflineWhenTheRequestSaysSo()
    {
        body = [](sdk::Call call) { static_cast<void>(call.fetch("https://a/b")); };
        VerifyRequest offline;
        offline.offline = true;
        static_cast<void>(plugin()->verify({}, offline));
        CPPUNIT_ASSERT(fetch_->asked.at(0).cacheOnly);
        static_cast<void>(plugin()->verify({}, {}));
        CPPUNIT_ASSERT(!fetch_->asked.at(1).cacheOnly);
    }

    void isAbsentWithoutAFetcher()
    {
        fetch_.reset();
        body = [](sdk::Call call) {
            CPPUNIT_ASSERT(!call.canFetch());
            static_cast<void>(call.fetch("https://a/b"));
        };
        expectError(Category::Unimplemented, "does not fetch",
                    [this] { static_cast<void>(plugin()->verify({}, {})); });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(FetchTest);

} // namespace
} // namespace teehost::plugin::test
