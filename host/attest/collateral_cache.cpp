// SPDX-License-Identifier: Apache-2.0
#include "host/attest/collateral_cache.h"

#include <algorithm>
#include <vector>

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/json.h"
#include "host/base/own_file.h"
#include "host/base/sha256.h"
#include "host/base/text.h"

namespace teehost::attest {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kFormat = "teehost-collateral/1";
constexpr std::size_t kMaxFileBytes = (16u << 20) + (1u << 20); // the largest body, and its head
constexpr std::size_t kMaxFiles = 1024; // URLs come from evidence: whoever makes it must not fill the disk

bool isOursAlone(const fs::path& directory)
{
    struct stat status {};
    return ::lstat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == ::geteuid() && (status.st_mode & 022) == 0;
}

std::string_view bodyText(const plugin::FetchResponse& response)
{
    return {reinterpret_cast<const char*>(response.body.data()), response.body.size()};
}

/// A line of JSON, then the body.
std::string toText(const CachedCollateral& collateral)
{
    const auto& response = collateral.response;
    const json head{{"format", kFormat},
                    {"url", collateral.url},
                    {"accept", collateral.accept},
                    {"status", response.httpStatus},
                    {"fetched_ns", response.fetchedWallNs},
                    {"headers", response.headers},
                    {"size", response.body.size()},
                    {"sha256", toHex(sha256(bodyText(response)))}};
    return head.dump() + "\n" + std::string(bodyText(response));
}

/// Throws for anything toText does not write.
CachedCollateral fromText(const std::string& text)
{
    const auto end = text.find('\n');
    if (end == std::string::npos)
        throw InvalidArgument("there is no head");
    const json head = parseUntrustedJson(std::string_view(text).substr(0, end));
    CachedCollateral out;
    out.url = head.at("url").get<std::string>();
    out.accept = head.at("accept").get<std::string>();
    out.response.httpStatus = head.at("status").get<unsigned>();
    out.response.fetchedWallNs = head.at("fetched_ns").get<std::int64_t>();
    out.response.headers = head.at("headers").get<decltype(out.response.headers)>();
    const auto body = std::string_view(text).substr(end + 1);
    out.response.body.assign(body.begin(), body.end());
    if (head.at("format") != kFormat || head.at("size") != body.size() ||
        head.at("sha256") != toHex(sha256(body)))
        throw InvalidArgument("the body is not what the head says");
    return out;
}

} // namespace

fs::path CollateralCache::pathOf(const std::string& url) const { return directory_ / toHex(sha256(url)); }

std::optional<CachedCollateral> CollateralCache::find(const std::string& url, const std::string& accept) const
{
    if (!isOursAlone(directory_))
        return std::nullopt;
    try {
        const auto text = readOwnFile(pathOf(url), kMaxFileBytes);
        if (!text)
            return std::nullopt;
        auto found = fromText(*text);
        if (found.url == url && found.accept == accept)
            return found;
    } catch (const std::exception& error) { // Error, or what nlohmann-json throws
        log_.warning("damaged collateral is passed over",
                     {{"file", pathOf(url).string()}, {"what", printable(error.what())}});
    }
    return std::nullopt;
}

void CollateralCache::put(const CachedCollateral& collateral) const
{
    try {
        write(collateral);
        makeRoom();
    } catch (const std::exception& error) { // Error, or of std::filesystem
        log_.warning("collateral is not kept", {{"directory", directory_.string()}, {"what", error.what()}});
    }
}

void CollateralCache::write(const CachedCollateral& collateral) const
{
    fs::create_directories(directory_.parent_path());
    if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST)
        throw systemError(Category::Unavailable, "cannot make the directory", errno);
    if (!isOursAlone(directory_))
        throw Error(Category::Unavailable, "the directory is somebody else's, or others may write to it");
    replaceOwnFile(pathOf(collateral.url), toText(collateral), Durability::SurvivesDaemon);
}

/// Drops the oldest files beyond the limit, those of interrupted writes among them.
void CollateralCache::makeRoom() const
{
    std::vector<std::pair<fs::file_time_type, fs::path>> files;
    for (const auto& entry : fs::directory_iterator(directory_)) {
        std::error_code error;
        const auto time = entry.last_write_time(error);
        if (!error) // another process may have removed it
            files.emplace_back(time, entry.path());
    }
    if (files.size() <= kMaxFiles)
        return;
    std::sort(files.begin(), files.end());
    for (std::size_t i = 0; i < files.size() - kMaxFiles; ++i) {
        std::error_code ignored;
        fs::remove(files[i].second, ignored);
    }
}

} // namespace teehost::attest
