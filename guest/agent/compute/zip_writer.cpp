// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <minizip/zip.h>

#include "guest/agent/compute/memory_share.h"
#include "guest/agent/compute/names.h"
#include "guest/agent/compute/refusal.h"
#include "guest/agent/compute/zip_file.h"
#include "guest/agent/system_call.h"
#include "host/base/unique_fd.h"

namespace teehost::guest {
namespace {

constexpr std::size_t kBuffer = 64 * 1024;
constexpr std::uint64_t kNeedsZip64 = 0xf0000000;   // some room for what deflate adds
constexpr unsigned long kMadeByUnix = 3u << 8 | 20; // APPNOTE.TXT, 4.4.2

void* openGiven(void* opaque, const void*, int)
{
    const int copy = ::fcntl(*static_cast<const int*>(opaque), F_DUPFD_CLOEXEC, 3);
    return copy < 0 ? nullptr : ::fdopen(copy, "w+");
}

struct CloseDirectory {
    void operator()(DIR* stream) const { ::closedir(stream); }
};

/// Returns the names in the order that lets the same files give the same zip. Takes them off `left`.
std::vector<std::string> namesIn(int directory, std::size_t& left)
{
    const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(
        check(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "cannot list results")));
    if (!stream)
        throw std::runtime_error("cannot list results");
    std::vector<std::string> names;
    while (const auto* entry = ::readdir(stream.get())) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..")
            continue;
        if (left == 0)
            throw Refusal(Refusal::Kind::Room, "a result has at most 10000 files, directories and others");
        --left;
        names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

class Writer {
public:
    Writer(int into, const ZipLimits& limits, const std::function<bool()>& givenUp)
        : into_(into), limits_(limits), givenUp_(givenUp)
    {
        zlib_filefunc64_def functions;
        fill_fopen64_filefunc(&functions);
        functions.zopen64_file = openGiven;
        functions.opaque = &into_;
        zip_ = zipOpen2_64("result", APPEND_STATUS_CREATE, nullptr, &functions);
        if (zip_ == nullptr)
            throw std::runtime_error("cannot begin a zip file");
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer()
    {
        if (zip_ != nullptr)
            zipClose(zip_, nullptr);
    }

    void addAll(int directory, const std::string& prefix, std::size_t depth)
    {
        if (depth > kMaxPathParts)
            throw Refusal(Refusal::Kind::Room, "a result has at most 16 levels of directories");
        for (const auto& name : namesIn(directory, entries_left_)) {
            requireWanted();
            // O_NONBLOCK: it may be a FIFO that nobody writes to.
            const UniqueFd entry(
                ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
            struct stat status {};
            const bool opened = entry && ::fstat(entry.get(), &status) == 0 && isFileName(name);
            if (opened && S_ISDIR(status.st_mode))
                addAll(entry.get(), prefix + name + "/", depth + 1);
            else if (opened && S_ISREG(status.st_mode))
                add(entry.get(), prefix + name, static_cast<std::uint64_t>(status.st_size));
            else
                ++report_.left_out;
        }
    }

    ZipReport finish()
    {
        const auto closed = zipClose(std::exchange(zip_, nullptr), nullptr);
        requireOk(closed);
        requireRoom();
        return report_;
    }

private:
    void add(int file, const std::string& name, std::uint64_t size)
    {
        ++report_.files;
        if (size > limits_.unpacked - unpacked_)
            throw Refusal(Refusal::Kind::Room, "the files of a result may have at most " +
                                                   std::to_string(limits_.unpacked >> 20) +
                                                   " MiB together, with the holes in them");
        unpacked_ += size;
        zip_fileinfo about{};
        about.tmz_date = {0, 0, 0, 1, 0, 1980}; // the earliest that the format has
        about.external_fa = static_cast<unsigned long>(S_IFREG | 0644) << 16;
        requireOk(zipOpenNewFileInZip4_64(zip_, name.c_str(), &about, nullptr, 0, nullptr, 0, nullptr,
                                          Z_DEFLATED, Z_DEFAULT_COMPRESSION, 0, -MAX_WBITS, DEF_MEM_LEVEL,
                                          Z_DEFAULT_STRATEGY, nullptr, 0, kMadeByUnix, kUtf8Names,
                                          size >= kNeedsZip64 ? 1 : 0));
        copy(file, size);
        requireOk(zipCloseFileInZip(zip_));
    }

    /// Copies no more than the size that was counted, even if the file has grown.
    void copy(int file, std::uint64_t size)
    {
        std::vector<char> buffer(kBuffer);
        for (std::uint64_t left = size; left > 0;) {
            const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
            const auto got = check(::read(file, buffer.data(), wanted), "cannot read a result");
            if (got == 0)
                return;
            requireOk(zipWriteInFileInZip(zip_, buffer.data(), static_cast<unsigned>(got)));
            requireRoom();
            requireWanted();
            left -= static_cast<std::uint64_t>(got);
        }
    }

    void requireRoom() const
    {
        struct stat status {};
        check(::fstat(into_, &status), "cannot see how large the result is");
        if (static_cast<std::uint64_t>(status.st_size) > limits_.packed)
            throw Refusal(Refusal::Kind::Room, "the zip file of a result may have at most " +
                                                   std::to_string(limits_.packed >> 20) + " MiB, " +
                                                   wordsOfShare(kShareOfResult));
    }

    void requireWanted() const
    {
        if (givenUp_())
            throw Refusal(Refusal::Kind::State, "the computation was stopped");
    }

    static void requireOk(int result)
    {
        if (result != ZIP_OK)
            throw Refusal(Refusal::Kind::Room,
                          "the zip file of the result cannot be written (minizip error " +
                              std::to_string(result) + ")");
    }

    static constexpr unsigned long kUtf8Names = 1u << 11; // APPNOTE.TXT, 4.4.4

    int into_;
    const ZipLimits limits_;
    const std::function<bool()>& givenUp_;
    std::size_t entries_left_ = kMaxZipEntries;
    std::uint64_t unpacked_ = 0;
    zipFile zip_ = nullptr;
    ZipReport report_;
};

} // namespace

ZipReport zipDirectory(int directory, int into, const ZipLimits& limits, const std::function<bool()>& givenUp)
{
    Writer writer(into, limits, givenUp);
    writer.addAll(directory, "", 1);
    return writer.finish();
}

} // namespace teehost::guest
