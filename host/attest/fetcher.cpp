// SPDX-License-Identifier: Apache-2.0
#include "host/attest/fetcher.h"

#include <algorithm>

#include "host/attest/plain_url.h"
#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::attest {
namespace {

using namespace std::chrono_literals;
using plugin::FetchRequest;
using plugin::FetchResponse;
using SteadyClock = std::chrono::steady_clock;

constexpr int kMaxRedirects = 3;
constexpr auto kUsualBackOff = 30s;
constexpr auto kLongestBackOff = 1h;

std::int64_t systemWallNs()
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

bool isRedirect(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// What makes the origin answer 304 when its copy is still ours (RFC 9110, section 13.1).
Headers requestHeaders(const FetchRequest& request, const std::optional<CachedCollateral>& cached)
{
    Headers headers;
    if (!request.accept.empty())
        headers.emplace_back("Accept", request.accept);
    if (!cached)
        return headers;
    const auto& known = cached->response.headers;
    if (const auto tag = headerNamed(known, "etag"); !tag.empty())
        headers.emplace_back("If-None-Match", tag);
    if (const auto modified = headerNamed(known, "last-modified"); !modified.empty())
        headers.emplace_back("If-Modified-Since", modified);
    return headers;
}

/// Fields of a 304 replace those that were stored (RFC 9111, section 3.2), but those of the body it has not.
void refresh(Headers& stored, const Headers& fresh)
{
    for (const auto& header : fresh) {
        if (header.first.starts_with("content-"))
            continue;
        std::erase_if(stored, [&](const auto& old) { return old.first == header.first; });
    }
    for (const auto& header : fresh)
        if (!header.first.starts_with("content-"))
            stored.push_back(header);
}

[[noreturn]] void refuseStatus(const HttpsUrl& url, unsigned status)
{
    const std::string text = url.host + " answered " + std::to_string(status) + " to \"" + url.text + "\"";
    if (status == 404 || status == 410)
        throw Error(Category::NotFound, text);
    throw Error(status >= 500 ? Category::Unavailable : Category::FailedPrecondition, text);
}

} // namespace

FetcherOptions fetcherOptions(const settings::Settings& settings,
                              const std::filesystem::path& defaultCacheDir)
{
    FetcherOptions options;
    options.network = settings.flag("attest.fetch");
    options.hosts = settings.list("attest.fetch_hosts");
    const auto directory = settings.text("attest.cache_dir");
    options.cacheDir = directory.empty() ? defaultCacheDir : std::filesystem::path(directory);
    options.caFile = settings.text("attest.fetch_ca");
    options.timeout = settings.duration("attest.fetch_timeout");
    return options;
}

std::string HttpsUrl::authority() const
{
    constexpr unsigned kUsual = 443;
    return port == kUsual ? host : host + ":" + std::to_string(port);
}

Fetcher::Fetcher(FetcherOptions options, const HttpsClient& https, const Log& log)
    : options_(std::move(options)), https_(https), log_(log), cache_(options_.cacheDir, log)
{
    if (!options_.wallNs)
        options_.wallNs = systemWallNs;
    for (auto& host : options_.hosts) // names of hosts have no case, and HttpsUrl has them in lower case
        host = lowerCase(host);
}

std::uint64_t Fetcher::limitOf(const FetchRequest& request) const
{
    return request.maxBytes == 0 ? options_.maxBytes : std::min(request.maxBytes, options_.maxBytes);
}

bool Fetcher::isAllowed(const HttpsUrl& url) const
{
    return std::find(options_.hosts.begin(), options_.hosts.end(), url.authority()) != options_.hosts.end();
}

HttpsUrl Fetcher::expectAllowed(HttpsUrl url) const
{
    if (const auto authority = url.authority(); !isAllowed(url))
        throw Error(Category::PermissionDenied, authority + " is not a host that collateral may come from",
                    "the operator allows hosts with attest.fetch_hosts");
    return url;
}

bool Fetcher::isGoodEnough(const CachedCollateral& cached, const FetchRequest& request) const
{
    const auto fetched = cached.response.fetchedWallNs;
    if (fetched > now()) // a clock that went back: nobody knows how old it is
        return request.cacheOnly && request.maxAge.count() == 0;
    if (request.maxAge.count() != 0)
        return now() - fetched <= request.maxAge.count();
    return request.cacheOnly || now() < freshUntil(cached.response.headers, fetched);
}

void Fetcher::expectNotLeftAlone(const HttpsUrl& url)
{
    const std::lock_guard lock(mutex_);
    const auto found = backOff_.find(url.authority());
    if (found == backOff_.end())
        return;
    const auto left = std::chrono::ceil<std::chrono::seconds>(found->second - SteadyClock::now());
    if (left.count() > 0)
        throw Error(Category::Unavailable,
                    url.host + " asked not to be asked again for another " + formatDuration(left),
                    "try again later, or hand the collateral over as a file");
    backOff_.erase(found);
}

void Fetcher::leaveAlone(const HttpsUrl& url, const HttpsResponse& response)
{
    const auto asked = retryAfter(response.headers, now()).value_or(kUsualBackOff);
    const auto pause = std::clamp<std::chrono::seconds>(asked, 1s, kLongestBackOff);
    log_.warning("a host of collateral wants to be left alone", {{"host", url.host},
                                                                 {"status", std::to_string(response.status)},
                                                                 {"seconds", std::to_string(pause.count())}});
    const std::lock_guard lock(mutex_);
    backOff_[url.authority()] = SteadyClock::now() + pause;
}

/// Follows redirects by hand: each place must be allowed.
HttpsResponse Fetcher::ask(HttpsUrl url, const FetchRequest& request,
                           const std::optional<CachedCollateral>& cached)
{
    for (int i = 0; i <= kMaxRedirects; ++i) {
        expectNotLeftAlone(url);
        auto limit = std::chrono::ceil<std::chrono::milliseconds>(options_.timeout);
        if (request.deadline)
            limit = std::min(
                limit, std::chrono::floor<std::chrono::milliseconds>(*request.deadline - SteadyClock::now()));
        if (limit.count() <= 0)
            throw Error(Category::DeadlineExceeded, "there is no time left to ask " + url.host);
        auto response = https_.get({url, requestHeaders(request, cached), options_.caFile, limitOf(request),
                                    limit, request.cancelled});
        log_.debug("collateral fetched", {{"url", url.text}, {"status", std::to_string(response.status)}});
        if (response.status == 429 || response.status == 503) {
            leaveAlone(url, response);
            expectNotLeftAlone(url); // which says so
        }
        if (!isRedirect(response.status) || response.location.empty())
            return response;
        url = expectAllowed(https_.parse(response.location));
    }
    throw Error(Category::FailedPrecondition, "\"" + request.url + "\" is redirected too often");
}

std::optional<FetchResponse> Fetcher::kept(const std::optional<CachedCollateral>& cached,
                                           const FetchRequest& request) const
{
    if (!cached || !isGoodEnough(*cached, request))
        return std::nullopt;
    if (cached->response.body.size() > limitOf(request))
        throw Error(Category::ResourceExhausted,
                    "\"" + request.url + "\" has more than " + formatSize(limitOf(request)));
    return cached->response;
}

FetchResponse Fetcher::fromCache(const FetchRequest& request) const
{
    auto local = request;
    local.cacheOnly = true;
    const auto url = plainHttpsUrl(request.url);
    if (!url)
        throw InvalidArgument("\"" + printable(request.url.substr(0, 200)) +
                              "\" is not a plain https URL, and none but those are looked up in the cache");
    const auto cached = cache_.find(expectAllowed(*url).text, request.accept);
    if (auto answer = kept(cached, local))
        return *std::move(answer);
    throw Error(Category::NotFound,
                "\"" + request.url + "\" is not in the cache" + (cached ? ", except as too old a copy" : "") +
                    ", and nothing may be fetched",
                options_.network ? "" : "attest.fetch is off");
}

FetchResponse Fetcher::get(const FetchRequest& request)
{
    if (printable(request.accept) != request.accept)
        throw InvalidArgument("the media type to ask for is not printable text");
    if (request.cacheOnly || !options_.network)
        return fromCache(request);
    // A good copy is handed out before libcurl reads the URL: loading it takes longer than verifying
    // evidence.
    if (const auto plain = plainHttpsUrl(request.url); plain && isAllowed(*plain) && !request.revalidate)
        if (auto answer = kept(cache_.find(plain->text, request.accept), request))
            return *std::move(answer);
    return fromOrigin(expectAllowed(https_.parse(request.url)), request);
}

FetchResponse Fetcher::fromOrigin(const HttpsUrl& url, const FetchRequest& request)
{
    auto cached = cache_.find(url.text, request.accept);
    if (!request.revalidate) // in a URL that is not plain
        if (auto answer = kept(cached, request))
            return *std::move(answer);
    auto answer = ask(url, request, cached);
    if (answer.status == 304 && cached) {
        refresh(cached->response.headers, answer.headers);
        cached->response.fetchedWallNs = now();
        cache_.put(*cached);
        return cached->response;
    }
    if (answer.status != 200)
        refuseStatus(url, answer.status);
    CachedCollateral fetched{
        url.text, request.accept, {answer.status, std::move(answer.body), std::move(answer.headers), now()}};
    if (!forbidsStoring(fetched.response.headers))
        cache_.put(fetched);
    return fetched.response;
}

} // namespace teehost::attest
