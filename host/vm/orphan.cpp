// SPDX-License-Identifier: Apache-2.0
#include "host/vm/orphan.h"

#include <algorithm>

#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/json.h"
#include "host/base/own_file.h"
#include "host/base/pidfd.h"
#include "host/base/text.h"
#include "host/launch/launch_plan.h"
#include "host/launch/qemu_args.h"
#include "host/vm/process_identity.h"

namespace teehost::vm {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kNamePrefix = "guest=teehost-";
constexpr std::size_t kUuidLength = 36;
constexpr const char* kDirectory = "records";
constexpr std::size_t kMaxRecordBytes = 4u << 20;

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
    return SeenQemu{pid, *owner, *vm, std::move(arguments)};
}

std::vector<SeenQemu> findQemus()
{
    std::vector<SeenQemu> out;
    std::error_code error;
    for (fs::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
        const auto name = it->path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos)
            continue;
        const auto pid = static_cast<pid_t>(parseUnsigned(name));
        auto seen = seenQemu(pid, commandLine(pid).value_or(std::vector<std::string>()));
        if (seen)
            out.push_back(std::move(*seen));
    }
    return out;
}

bool isOwned(const SeenQemu& seen, const VmId& owner, const launch::HostDirs& dirs)
{
    if (seen.owner != owner)
        return false;
    // As launch_plan.cpp writes the share of the environment.
    const std::string share = "local,id=env_share_dev,path=" +
                              launch::escapeOptionValue(launch::VmPaths(dirs, seen.vm).envShare().string()) +
                              ",";
    return std::any_of(seen.arguments.begin(), seen.arguments.end(),
                       [&](const std::string& argument) { return argument.starts_with(share); });
}

UniqueFd hold(const SeenQemu& seen)
{
    UniqueFd pidfd = openPidfd(seen.pid);
    // Looked at after the pidfd is held, and believed only if the process still lives then.
    if (!pidfd || commandLine(seen.pid) != seen.arguments || hasEnded(pidfd.get()))
        return {};
    return pidfd;
}

LaunchRecords::LaunchRecords(fs::path stateDir) : directory_(std::move(stateDir) / kDirectory) {}

fs::path LaunchRecords::pathOf(const VmId& vm) const { return directory_ / (vm.text() + ".json"); }

void LaunchRecords::write(const store::VmRow& row) const
{
    if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST)
        throw systemError(Category::Unavailable,
                          "cannot make the directory \"" + printable(directory_.string()) + "\"", errno);
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
        if (const auto id = VmId::parse(it->path().stem().string()); id && it->path().extension() == ".json")
            out.push_back(*id);
    return out;
}

void LaunchRecords::remove(const VmId& vm) const noexcept
{
    std::error_code ignored;
    fs::remove(pathOf(vm), ignored);
}

} // namespace teehost::vm
