// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <minizip/unzip.h>

#include "guest/agent/compute/memory_share.h"
#include "guest/agent/compute/names.h"
#include "guest/agent/compute/refusal.h"
#include "guest/agent/compute/zip_file.h"
#include "guest/agent/printable.h"
#include "guest/agent/system_call.h"
#include "host/base/unique_fd.h"

namespace teehost::guest {
namespace {

constexpr std::size_t kBuffer = 64 * 1024;
constexpr std::size_t kMaxZipName = 4096;
constexpr unsigned kEncrypted = 1, kUnix = 3;  // APPNOTE.TXT, 4.4.4 and 4.4.2
constexpr unsigned kStored = 0, kDeflated = 8; // APPNOTE.TXT, 4.4.5

[[noreturn]] void refuse(const std::string& message) { throw Refusal(Refusal::Kind::Input, message); }

void* openGiven(void* opaque, const void*, int)
{
    const int copy = ::fcntl(*static_cast<const int*>(opaque), F_DUPFD_CLOEXEC, 3);
    return copy < 0 ? nullptr : ::fdopen(copy, "r");
}

struct CloseZip {
    void operator()(void* zip) const { unzClose(zip); }
};

class Reader {
public:
    Reader(int zip, int directory, std::uint64_t limit)
        : file_(zip), directory_(directory), left_(limit),
          packed_left_(static_cast<std::uint64_t>(
              check(::lseek(zip, 0, SEEK_END), "cannot see how large a zip file is")))
    {
        check(::lseek(zip, 0, SEEK_SET), "cannot go to the beginning of a zip file");
        zlib_filefunc64_def functions;
        fill_fopen64_filefunc(&functions);
        functions.zopen64_file = openGiven;
        functions.opaque = &file_;
        zip_.reset(unzOpen2_64("dataset", &functions));
        if (!zip_)
            refuse("the dataset to be unpacked is no zip file");
    }

    void unpack()
    {
        unz_global_info64 all{};
        if (unzGetGlobalInfo64(zip_.get(), &all) != UNZ_OK || all.number_entry > kMaxZipEntries)
            refuse("a zip file has at most 10000 entries");
        int result = all.number_entry == 0 ? UNZ_END_OF_LIST_OF_FILE : unzGoToFirstFile(zip_.get());
        for (std::size_t count = 0; result == UNZ_OK; result = unzGoToNextFile(zip_.get())) {
            if (++count > kMaxZipEntries)
                refuse("a zip file has at most 10000 entries");
            unpackEntry();
        }
        if (result != UNZ_END_OF_LIST_OF_FILE)
            refuse("the zip file's list of entries is damaged");
    }

private:
    void unpackEntry()
    {
        unz_file_info64 about{};
        std::vector<char> buffer(kMaxZipName + 1);
        if (unzGetCurrentFileInfo64(zip_.get(), &about, buffer.data(), kMaxZipName, nullptr, 0, nullptr, 0) !=
            UNZ_OK)
            refuse("the zip file's list of entries is damaged");
        if (about.size_filename > kMaxZipName)
            refuse("a name in the zip file is longer than 4096 bytes");
        const std::string name(buffer.data(), about.size_filename);
        const auto parts = pathParts(name);
        if (!parts)
            refuse("the zip file has an entry " + printable(name, 64) +
                   ", which is no path of at most 16 file names below the dataset");
        const bool isDirectory = name.ends_with('/');
        requireHarmless(about, isDirectory, name);
        requireBytesOfItsOwn(about.compressed_size);
        const UniqueFd parent = enter(*parts, isDirectory ? parts->size() : parts->size() - 1);
        if (!isDirectory)
            unpackFile(parent.get(), parts->back(), about.uncompressed_size);
    }

    /// Refuses entries that share the bytes of others: few bytes would keep the agent at work for long.
    void requireBytesOfItsOwn(std::uint64_t packed)
    {
        if (packed > packed_left_)
            refuse("the entries of the zip file are larger together than the file");
        packed_left_ -= packed;
    }

    static void requireHarmless(const unz_file_info64& about, bool isDirectory, const std::string& name)
    {
        const auto type = (about.external_fa >> 16) & S_IFMT;
        const bool isUnix = about.version >> 8 == kUnix;
        if (isUnix && type != 0 && type != static_cast<unsigned long>(isDirectory ? S_IFDIR : S_IFREG))
            refuse("entry " + printable(name, 64) + " of the zip file is neither a file nor a directory");
        if (about.compression_method != kStored && about.compression_method != kDeflated)
            refuse("entry " + printable(name, 64) + " of the zip file is packed in another way than deflate");
        if ((about.flag & kEncrypted) != 0)
            refuse("entry " + printable(name, 64) + " of the zip file is encrypted");
    }

    /// The directory of the first `count` parts, made where it is missing.
    [[nodiscard]] UniqueFd enter(const std::vector<std::string>& parts, std::size_t count) const
    {
        UniqueFd at(
            check(::openat(directory_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "cannot open datasets"));
        for (std::size_t i = 0; i < count; ++i) {
            if (::mkdirat(at.get(), parts[i].c_str(), 0755) < 0 && errno != EEXIST)
                refuseFor(parts[i]);
            const int next =
                ::openat(at.get(), parts[i].c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (next < 0)
                refuseFor(parts[i]);
            at.reset(next);
        }
        return at;
    }

    void unpackFile(int parent, const std::string& name, std::uint64_t size)
    {
        const UniqueFd out(
            ::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
        if (!out)
            refuseFor(name);
        if (unzOpenCurrentFile(zip_.get()) != UNZ_OK)
            refuse("entry " + printable(name, 64) + " of the zip file is damaged");
        std::vector<char> buffer(kBuffer);
        std::uint64_t all = 0;
        int got = 0;
        while ((got = unzReadCurrentFile(zip_.get(), buffer.data(), static_cast<unsigned>(buffer.size()))) >
               0) {
            write(out.get(), {buffer.data(), static_cast<std::size_t>(got)}, name);
            all += static_cast<std::uint64_t>(got);
        }
        // unzCloseCurrentFile() compares the check sum, but of an entry that ends early it compares none.
        if (got < 0 || unzCloseCurrentFile(zip_.get()) != UNZ_OK || all != size)
            refuse("entry " + printable(name, 64) + " of the zip file is damaged");
    }

    void write(int out, std::string_view bytes, const std::string& name)
    {
        if (bytes.size() > left_)
            throw Refusal(Refusal::Kind::Room,
                          "the zip file unpacks to more than " + wordsOfShare(kShareOfMemory));
        left_ -= bytes.size();
        while (!bytes.empty()) {
            const auto written = ::write(out, bytes.data(), bytes.size());
            if (written < 0)
                refuseFor(name);
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
    }

    [[noreturn]] static void refuseFor(const std::string& name)
    {
        throw Refusal(errno == ENOSPC ? Refusal::Kind::Room : Refusal::Kind::Input,
                      "entry " + printable(name, 64) +
                          " of the zip file cannot be unpacked: " + std::strerror(errno));
    }

    int file_, directory_;
    std::uint64_t left_, packed_left_;
    std::unique_ptr<void, CloseZip> zip_;
};

} // namespace

void unzipInto(int zip, int directory, std::uint64_t limit) { Reader(zip, directory, limit).unpack(); }

} // namespace teehost::guest
