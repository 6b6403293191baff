// SPDX-License-Identifier: Apache-2.0
#include "host/launch/qemu_version.h"

#include <filesystem>
#include <map>
#include <mutex>

#include "host/base/error.h"
#include "host/base/helper_process.h"
#include "host/base/text.h"

namespace teehost::launch {
namespace {

using namespace std::chrono_literals;

constexpr auto kVersionLimit = 10s;

std::string ask(const std::string& binary)
{
    const auto answer = runHelper({binary, "--version"}, kVersionLimit);
    if (!answer.ok())
        throw Error(Category::FailedPrecondition,
                    "\"" + binary + " --version\" failed: " + printable(trim(answer.output.substr(0, 200))),
                    "set qemu.bin_path to a working QEMU");
    static constexpr std::string_view kMark = "version ";
    const auto at = answer.output.find(kMark);
    if (at == std::string::npos)
        return {};
    const auto begin = at + kMark.size();
    return answer.output.substr(begin, answer.output.find_first_not_of("0123456789.", begin) - begin);
}

} // namespace

std::string qemuVersion(const std::string& binary)
{
    struct Known {
        std::filesystem::file_time_type modified;
        std::string version;
    };
    static std::mutex mutex;
    static std::map<std::string, Known> known; // guarded by mutex
    std::error_code ignored;
    const auto modified = std::filesystem::last_write_time(binary, ignored);
    const std::lock_guard lock(mutex);
    const auto it = known.find(binary);
    if (it != known.end() && it->second.modified == modified)
        return it->second.version;
    return known.insert_or_assign(binary, Known{modified, ask(binary)}).first->second.version;
}

} // namespace teehost::launch
