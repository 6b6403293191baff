// SPDX-License-Identifier: Apache-2.0
//
// Collateral for plugins, from the cache or from hosts that the operator allows. Plugins may not use the
// network themselves; what they ask for may be derived from hostile evidence, so every URL is checked here.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host/attest/collateral_cache.h"
#include "host/attest/https.h"
#include "host/base/log.h"
#include "host/plugin/fetch.h"
#include "host/settings/settings.h"

namespace teehost::attest {

struct FetcherOptions {
    bool network = true;            ///< false: from the cache only
    std::vector<std::string> hosts; ///< allow-list: "host", or "host:port" for another port than 443
    std::filesystem::path cacheDir;
    std::string caFile;                                          ///< PEM; empty: the system's
    std::chrono::nanoseconds timeout = std::chrono::seconds(20); ///< for one answer of a server
    std::uint64_t maxBytes = 16u << 20;
    /// Nanoseconds since the Unix epoch; absent: the system's clock.
    std::function<std::int64_t()> wallNs = {};
};

/// From attest.*; `defaultCacheDir` is used when attest.cache_dir is empty.
[[nodiscard]] FetcherOptions fetcherOptions(const settings::Settings& settings,
                                            const std::filesystem::path& defaultCacheDir);

class Fetcher final : public plugin::FetchService {
public:
    /// `https`, usually kCurl, and `log` must outlive it.
    Fetcher(FetcherOptions options, const HttpsClient& https, const Log& log);

    /// Answers from the cache without any call of `https` when a copy there is good enough, or nothing may be
    /// fetched; the allow-list holds for both. Throws InvalidArgument for what is no https URL (offline for
    /// one that is not plain, see plain_url.h), PermissionDenied for a host that is not on the allow-list,
    /// NotFound when the copy asked for is not in the cache or the origin says 404, Unavailable when the
    /// origin does not answer, has trouble or wants to be left alone for a while, and what httpsGet throws.
    [[nodiscard]] plugin::FetchResponse get(const plugin::FetchRequest& request) override;

private:
    [[nodiscard]] bool isAllowed(const HttpsUrl& url) const;
    /// Returns `url`; throws PermissionDenied when its host is not on the allow-list.
    [[nodiscard]] HttpsUrl expectAllowed(HttpsUrl url) const;
    /// Returns the copy that answers `request`, if `cached` is good enough for it.
    [[nodiscard]] std::optional<plugin::FetchResponse> kept(const std::optional<CachedCollateral>& cached,
                                                            const plugin::FetchRequest& request) const;
    [[nodiscard]] plugin::FetchResponse fromCache(const plugin::FetchRequest& request) const;
    [[nodiscard]] plugin::FetchResponse fromOrigin(const HttpsUrl& url, const plugin::FetchRequest& request);
    [[nodiscard]] bool isGoodEnough(const CachedCollateral& cached,
                                    const plugin::FetchRequest& request) const;
    [[nodiscard]] HttpsResponse ask(HttpsUrl url, const plugin::FetchRequest& request,
                                    const std::optional<CachedCollateral>& cached);
    void leaveAlone(const HttpsUrl& url, const HttpsResponse& response);
    void expectNotLeftAlone(const HttpsUrl& url);
    [[nodiscard]] std::uint64_t limitOf(const plugin::FetchRequest& request) const;
    [[nodiscard]] std::int64_t now() const { return options_.wallNs(); }

    FetcherOptions options_;
    const HttpsClient& https_;
    const Log& log_;
    CollateralCache cache_;
    std::mutex mutex_;
    /// By authority, until when its origin asked to be left alone; guarded by mutex_.
    std::map<std::string, std::chrono::steady_clock::time_point> backOff_;
};

} // namespace teehost::attest
