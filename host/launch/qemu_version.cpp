// SPDX-License-Identifier: Apache-2.0
#include "host/launch/qemu_version.h"

#include <chrono>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>

#include "host/base/error.h"
#include "host/base/helper_process.h"
#include "host/base/text.h"

namespace teehost::launch {
namespace {

using namespace std::chrono_literals;

constexpr auto kVersionLimit = 10s;
constexpr auto kFailureLasts = 10s + kVersionLimit;

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

bool failed(const std::shared_future<std::string>& version)
{
    if (version.wait_for(0s) != std::future_status::ready)
        return false;
    try {
        static_cast<void>(version.get());
        return false;
    } catch (const Error&) {
        return true;
    }
}

} // namespace

std::string qemuVersion(const std::string& binary)
{
    struct Known {
        std::filesystem::file_time_type modified;
        std::shared_future<std::string> version;
        std::chrono::steady_clock::time_point asked;
    };
    static std::mutex mutex;
    static std::map<std::string, Known> known; // guarded by mutex
    std::error_code ignored;
    const auto modified = std::filesystem::last_write_time(binary, ignored);
    const auto now = std::chrono::steady_clock::now();
    std::packaged_task<std::string()> question([&binary] { return ask(binary); });
    std::shared_future<std::string> answer;
    bool mine = false;
    {
        const std::lock_guard lock(mutex);
        const auto it = known.find(binary);
        // A failure is believed for a while, so that not every plugin waits for the same QEMU in turn.
        mine = it == known.end() || it->second.modified != modified ||
               (now - it->second.asked > kFailureLasts && failed(it->second.version));
        if (mine)
            known.insert_or_assign(binary, Known{modified, question.get_future().share(), now});
        answer = known.at(binary).version;
    }
    if (mine)
        question(); // without the lock: meanwhile others may ask for another binary
    return answer.get();
}

} // namespace teehost::launch
