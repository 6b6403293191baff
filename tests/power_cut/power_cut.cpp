// SPDX-License-Identifier: Apache-2.0
#include "power_cut/power_cut.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

namespace teehost::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSector = 512; // what a disk writes whole
constexpr const char* kStore = "teehost.db";

std::optional<std::string> contentOf(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string mixed(std::string last, const std::string& now, const Reached& reached)
{
    for (std::size_t at = 0; at < now.size(); at += kSector) {
        const auto sector = now.substr(at, kSector);
        if (last.compare(std::min(at, last.size()), sector.size(), sector) == 0 || !reached())
            continue;
        last.resize(std::max(last.size(), at + sector.size())); // a hole reads as zeros
        last.replace(at, sector.size(), sector);
    }
    return last;
}

} // namespace

void cutPower(const fs::path& stateDir, const fs::path& synced, const std::string& recorded,
              const Reached& reached)
{
    for (const std::string part : {"", "-wal"}) {
        const auto file = stateDir / (kStore + part);
        const auto last = contentOf(synced / (recorded + "." + kStore + part));
        if (!last) {
            fs::remove(file);
            continue;
        }
        const auto after = mixed(*last, contentOf(file).value_or(""), reached);
        std::ofstream(file, std::ios::binary | std::ios::trunc) << after;
        fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    }
    fs::remove(stateDir / (std::string(kStore) + "-shm"));
}

std::map<std::string, std::string> recorderEnvironment(const fs::path& synced)
{
    return {{"LD_PRELOAD", TEEHOST_SYNC_RECORDER}, {"TEEHOST_SYNCED", synced.string()}};
}

} // namespace teehost::test
