// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/compute/workplace.h"

#include <utility>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/agent/system_call.h"

namespace teehost::guest {

Workplace::Workplace(std::filesystem::path root, Storage storage, uid_t owner)
    : root_(std::move(root)), storage_(storage), owner_(owner)
{
    std::filesystem::create_directories(root_);
    if (storage_ == Storage::Tmpfs) // an agent that died has left its own
        while (::umount2(root_.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
        }
    clear();
}

void Workplace::clear()
{
    if (storage_ == Storage::Directory) {
        for (const auto* part : {"incoming", "work", "tmp"})
            std::filesystem::remove_all(root_ / part);
    } else {
        if (mounted_)
            check(::umount2(root_.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW), "cannot unmount " + root_.string());
        mounted_ = false;
        const std::string options = "mode=0711,size=" + std::to_string(kShareOfMemory) + "%";
        check(::mount("tmpfs", root_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()),
              "cannot mount " + root_.string());
        mounted_ = true;
    }
    check(::mkdir((root_ / "incoming").c_str(), 0700), "cannot make a directory for uploads");
    for (const auto& directory : {work(), datasets(), results(), tmp()}) {
        check(::mkdir(directory.c_str(), 0755), "cannot make " + directory.string());
        check(::chown(directory.c_str(), owner_, static_cast<gid_t>(owner_)),
              "cannot give away " + directory.string());
    }
}

Upload Workplace::upload(std::string what, std::uint64_t limit) const
{
    return {root_ / "incoming", std::move(what), limit};
}

} // namespace teehost::guest
