// SPDX-License-Identifier: Apache-2.0
#include "host/vm/orphan.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/json.h"
#include "host/base/own_file.h"
#include "host/base/pidfd.h"
#include "host/base/text.h"
#include "host/launch/launch_plan.h"
#include "host/vm/process_identity.h"

namespace teehost::vm {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kNamePrefix = "guest=teehost-";
constexpr std::size_t kUuidLength = 36;
constexpr const char* kDirectory = "records";
constexpr const char* kRecord = ".json";
constexpr const char* kMark = ".spared";
constexpr std::size_t kMaxRecordBytes = 4u << 20;

/// The value at the start of an option's text, up to a comma that is not doubled, without the doubling.
std::string firstOptionValue(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == ',' && (i + 1 == text.size() || text[++i] != ','))
            break;
        out += text[i];
    }
    return out;
}

/// The real user id in /proc/PID/status (proc(5)); one that nobody has when it cannot be read.
uid_t userOf(pid_t pid)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("Uid:")) {
            std::istringstream fields(line.substr(4));
            uid_t user = static_cast<uid_t>(-1);
            fields >> user;
            return user;
        }
    return static_cast<uid_t>(-1);
}

std::optional<std::string> valueOf(const std::vector<std::string>& arguments, std::string_view option)
{
    const auto it = std::find(arguments.begin(), arguments.end(), option);
    return it == arguments.end() || std::next(it) == arguments.end() ? std::nullopt
                                                                     : std::optional(*std::next(it));
}

} // namespace

std::optional<SeenQemu> seenQemu(pid_t pid, std::vector<std::string> arguments)
{
    const auto name = valueOf(arguments, "-name");
    const auto uuid = valueOf(arguments, "-uuid");
    if (!name || !uuid || !name->starts_with(kNamePrefix) || name->size() < kNamePrefix.size() + kUuidLength)
        return std::nullopt;
    const auto owner = VmId::parse(name->substr(kNamePrefix.size(), kUuidLength));
    const auto vm = VmId::parse(*uuid);
    if (!owner || !vm || *name != "guest=" + launch::qemuName(owner->text(), *vm))
        return std::nullopt;
    return SeenQemu{pid, static_cast<uid_t>(-1), *owner, *vm, std::move(arguments)};
}

Processes lookAtProcesses()
{
    Processes out;
    std::error_code error;
    for (fs::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
        const auto name = it->path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos)
            continue;
        const auto pid = static_cast<pid_t>(parseUnsigned(name));
        auto arguments = commandLine(pid);
        if (!arguments) {
            out.complete = false;
            continue;
        }
        if (const auto uuid = valueOf(*arguments, "-uuid"))
            if (const auto id = VmId::parse(*uuid))
                out.uuids.insert(*id);
        if (auto seen = seenQemu(pid, std::move(*arguments))) {
            seen->user = userOf(pid);
            out.qemus.push_back(std::move(*seen));
        }
    }
    out.complete = out.complete && !error;
    return out;
}

bool worksIn(const SeenQemu& seen, const launch::HostDirs& dirs)
{
    // As launch_plan.cpp writes the share of the environment.
    constexpr std::string_view kShare = "local,id=env_share_dev,path=";
    const auto ours = launch::VmPaths(dirs, seen.vm).envShare();
    // Anybody may write any path into the arguments of a process; only those of trusted users are followed.
    const bool trusted = seen.user == 0 || seen.user == ::geteuid();
    return std::any_of(seen.arguments.begin(), seen.arguments.end(), [&](const std::string& argument) {
        if (!argument.starts_with(kShare))
            return false;
        const fs::path its = firstOptionValue(std::string_view(argument).substr(kShare.size()));
        return its == ours || (trusted && launch::isSamePath(its, ours));
    });
}

bool isOwned(const SeenQemu& seen, const VmId& owner, const launch::HostDirs& dirs)
{
    return seen.owner == owner && worksIn(seen, dirs);
}

UniqueFd hold(const SeenQemu& seen)
{
    UniqueFd pidfd = openPidfd(seen.pid);
    // Looked at after the pidfd is held, and believed only if the process still lives then.
    if (!pidfd || commandLine(seen.pid) != seen.arguments || hasEnded(pidfd.get()))
        return {};
    return pidfd;
}

bool endByForce(const std::vector<SeenQemu>& processes, std::chrono::milliseconds limit)
{
    std::vector<UniqueFd> held;
    for (const auto& seen : processes)
        if (UniqueFd pidfd = hold(seen)) {
            signalPidfd(pidfd.get(), SIGKILL);
            held.push_back(std::move(pidfd));
        }
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (const auto& pidfd : held) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd ended{pidfd.get(), POLLIN, 0};
        static_cast<void>(::poll(&ended, 1, std::max(0, static_cast<int>(left.count()))));
        if (!hasEnded(pidfd.get()))
            return false;
    }
    return true;
}

LaunchRecords::LaunchRecords(fs::path stateDir) : directory_(std::move(stateDir) / kDirectory) {}

fs::path LaunchRecords::pathOf(const VmId& vm) const { return directory_ / (vm.text() + kRecord); }
fs::path LaunchRecords::markOf(const VmId& vm) const { return directory_ / (vm.text() + kMark); }

void LaunchRecords::makeDirectory() const
{
    if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST)
        throw systemError(Category::Unavailable,
                          "cannot make the directory \"" + printable(directory_.string()) + "\"", errno);
}

void LaunchRecords::write(const store::VmRow& row) const
{
    makeDirectory();
    json record{{"id", row.id}, {"state", row.state}, {"created_us", row.createdUs}, {"body", row.body}};
    if (row.port)
        record["port"] = *row.port;
    if (row.ttlEnds)
        record["ttl_ends_us"] = *row.ttlEnds;
    if (row.qemu)
        record["qemu"] = {
            {"boot_id", row.qemu->bootId}, {"pid", row.qemu->pid}, {"start_ticks", row.qemu->startTicks}};
    const auto vm = VmId::parse(row.id);
    replaceOwnFile(pathOf(*vm), record.dump(-1, ' ', false, json::error_handler_t::replace) + "\n",
                   Durability::SurvivesDaemon);
}

std::optional<store::VmRow> LaunchRecords::read(const VmId& vm) const
{
    const auto text = readOwnFile(pathOf(vm), kMaxRecordBytes);
    if (!text)
        return std::nullopt;
    try {
        const auto record = parseUntrustedJson(*text);
        store::VmRow row;
        row.id = record.at("id").get<std::string>();
        row.state = record.at("state").get<std::string>();
        row.createdUs = record.at("created_us").get<std::int64_t>();
        row.body = record.at("body").get<std::string>();
        if (const auto port = record.find("port"); port != record.end())
            row.port = port->get<std::uint16_t>();
        if (const auto ends = record.find("ttl_ends_us"); ends != record.end())
            row.ttlEnds = ends->get<std::int64_t>();
        if (const auto qemu = record.find("qemu"); qemu != record.end())
            row.qemu = {qemu->at("boot_id").get<std::string>(), qemu->at("pid").get<std::int64_t>(),
                        qemu->at("start_ticks").get<std::uint64_t>()};
        if (row.id != vm.text())
            throw InvalidArgument("it is of another VM");
        return row;
    } catch (const std::exception& error) {
        throw Error(Category::DataLoss, "the record \"" + printable(pathOf(vm).string()) +
                                            "\" cannot be read: " + printable(error.what()));
    }
}

std::vector<VmId> LaunchRecords::all() const
{
    std::vector<VmId> out;
    std::error_code error;
    for (fs::directory_iterator it(directory_, error), end; !error && it != end; it.increment(error))
        if (const auto id = VmId::parse(it->path().stem().string()); id && it->path().extension() == kRecord)
            out.push_back(*id);
    return out;
}

void LaunchRecords::remove(const VmId& vm) const noexcept
{
    std::error_code ignored;
    fs::remove(pathOf(vm), ignored);
    fs::remove(markOf(vm), ignored);
}

void LaunchRecords::spare(const VmId& vm) const
{
    if (isSpared(vm))
        return;
    makeDirectory();
    replaceOwnFile(markOf(vm), "found while the store was in doubt\n", Durability::SurvivesDaemon);
}

bool LaunchRecords::isSpared(const VmId& vm) const
{
    std::error_code ignored;
    return fs::exists(markOf(vm), ignored);
}

void LaunchRecords::removeUnfinished() const noexcept
{
    std::error_code error;
    for (fs::directory_iterator it(directory_, error), end; !error && it != end; it.increment(error))
        if (const auto extension = it->path().extension(); extension != kRecord && extension != kMark) {
            std::error_code ignored;
            fs::remove(it->path(), ignored);
        }
}

} // namespace teehost::vm
