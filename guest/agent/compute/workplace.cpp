// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/compute/workplace.h"

#include <optional>
#include <utility>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/agent/compute/memory_share.h"
#include "guest/agent/printable.h"
#include "guest/agent/system_call.h"

namespace teehost::guest {

namespace fs = std::filesystem;

namespace {

bool isDirectory(const fs::path& path) { return fs::is_directory(fs::symlink_status(path)); }

/// Returns a name below `from` that is below `to` as well, in the same directory, and not as a directory.
std::optional<std::string> takenName(const fs::path& from, const fs::path& to)
{
    for (const auto& entry : fs::directory_iterator(from)) {
        const auto place = to / entry.path().filename();
        if (!fs::exists(fs::symlink_status(place)))
            continue;
        if (!isDirectory(entry.path()) || !isDirectory(place))
            return entry.path().filename().string();
        if (auto taken = takenName(entry.path(), place))
            return taken;
    }
    return std::nullopt;
}

/// Moves what is in `from` into `to`; directories that both have become one.
void moveInto(const fs::path& from, const fs::path& to)
{
    for (const auto& entry : fs::directory_iterator(from)) {
        const auto place = to / entry.path().filename();
        if (isDirectory(entry.path()) && isDirectory(place))
            moveInto(entry.path(), place);
        else
            fs::rename(entry.path(), place);
    }
}

} // namespace

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
    const std::lock_guard lock(mutex_); // no upload begins among the files that go away
    for (const auto& upload : uploads_) {
        if (const auto file = upload.lock()) {
            const std::lock_guard closing(file->mutex);
            file->fd.reset();
        }
    }
    uploads_.clear();
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
    for (const auto& directory : {work(), datasets(), results(), tmp()})
        makeForOwner(directory);
}

void Workplace::makeForOwner(const std::filesystem::path& directory) const
{
    check(::mkdir(directory.c_str(), 0755), "cannot make " + directory.string());
    check(::lchown(directory.c_str(), owner_, static_cast<gid_t>(owner_)),
          "cannot give away " + directory.string());
}

void Workplace::beginUnpacking()
{
    endUnpacking();
    makeForOwner(unpacked());
}

std::string Workplace::keepUnpacked(const std::set<std::string>& reserved)
{
    for (const auto& entry : fs::directory_iterator(unpacked()))
        if (reserved.contains(entry.path().filename().string()))
            return "the manifest gives the name " + printable(entry.path().filename().string(), 64) +
                   " to another dataset";
    if (const auto taken = takenName(unpacked(), datasets()))
        return "there is a dataset " + printable(*taken, 64) + " already (File exists)";
    moveInto(unpacked(), datasets());
    return {};
}

void Workplace::endUnpacking() { fs::remove_all(unpacked()); }

Upload Workplace::upload(std::string what, std::uint64_t limit)
{
    const std::lock_guard lock(mutex_);
    std::erase_if(uploads_, [](const auto& upload) { return upload.expired(); });
    Upload upload(root_ / "incoming", std::move(what), limit);
    uploads_.push_back(upload.shared());
    return upload;
}

} // namespace teehost::guest
