// SPDX-License-Identifier: Apache-2.0
#include "host/instance.h"

#include "host/base/error.h"
#include "host/base/own_file.h"
#include "host/base/text.h"
#include "host/vm/orphan.h"

namespace teehost {
namespace {

constexpr std::size_t kMaxBytes = 256;
constexpr const char* kWriteIt =
    "write the UUID there with which the names of its QEMUs begin (ps -ef | grep guest=teehost-)";

/// The UUIDs of all QEMUs that work in these directories.
std::set<VmId> ownersAtWork(const launch::HostDirs& dirs)
{
    std::set<VmId> owners;
    for (const auto& seen : vm::lookAtProcesses().qemus)
        if (vm::worksIn(seen, dirs))
            owners.insert(seen.owner);
    return owners;
}

Instance makeInstance(const std::filesystem::path& path, const launch::HostDirs& dirs, const Log& log)
{
    const auto owners = ownersAtWork(dirs);
    if (owners.size() > 1)
        throw Error(Category::FailedPrecondition,
                    "the file \"" + printable(path.string()) +
                        "\" is missing, and QEMUs of several daemons work in this daemon's directories",
                    kWriteIt);
    const VmId owner = owners.empty() ? VmId::random() : *owners.begin();
    replaceOwnFile(path, owner.text() + "\n", Durability::SurvivesPowerCut);
    if (!owners.empty())
        log.warning(
            "the file with this daemon's UUID was missing; it was made again from the names of its QEMUs",
            {{"file", path.string()}, {"owner", owner.text()}});
    return {owner, owners.empty()};
}

} // namespace

Instance readInstance(const launch::HostDirs& dirs, const Log& log)
{
    const auto path = dirs.state / kInstanceFile;
    const auto text = readOwnFile(path, kMaxBytes);
    if (!text)
        return makeInstance(path, dirs, log);
    const auto known = VmId::parse(trim(*text));
    if (!known)
        throw Error(Category::FailedPrecondition,
                    "the file \"" + printable(path.string()) +
                        "\" holds no UUID: by it this daemon knows its VMs",
                    std::string(kWriteIt) + ", or remove the file when no VM of it runs");
    return {*known, false};
}

} // namespace teehost
