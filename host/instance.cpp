// SPDX-License-Identifier: Apache-2.0
#include "host/instance.h"

#include "host/base/error.h"
#include "host/base/own_file.h"
#include "host/base/text.h"

namespace teehost {
namespace {

constexpr const char* kFile = "instance-id";
constexpr std::size_t kMaxBytes = 256;

} // namespace

Instance readInstance(const std::filesystem::path& stateDir)
{
    const auto path = stateDir / kFile;
    const auto text = readOwnFile(path, kMaxBytes);
    if (!text) {
        const auto made = VmId::random();
        replaceOwnFile(path, made.text() + "\n", Durability::SurvivesPowerCut);
        return {made, true};
    }
    const auto known = VmId::parse(trim(*text));
    if (!known)
        throw Error(Category::FailedPrecondition,
                    "the file \"" + printable(path.string()) +
                        "\" holds no UUID: by it this daemon knows its VMs",
                    "write the UUID there that the names of its QEMUs begin with (ps -ef | grep "
                    "guest=teehost-), or remove the file when no VM of it runs");
    return {*known, false};
}

} // namespace teehost
