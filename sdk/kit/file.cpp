// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/file.h"

#include <cerrno>
#include <deque>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace teehost::kit {
namespace {

class InputFile {
public:
    InputFile(std::string_view path, std::string_view what)
        : name_(std::string(what) + " \"" + std::string(path) + "\"")
    {
        // O_NONBLOCK: a FIFO is refused below, instead of waited for here.
        fd_ = ::open(std::string(path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd_ < 0)
            throw std::system_error(errno, std::generic_category(), "cannot open " + name_);
        struct stat status {};
        if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) {
            ::close(fd_);
            throw std::runtime_error(name_ + " is not a regular file");
        }
        size_ = static_cast<std::uint64_t>(status.st_size);
    }
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;
    ~InputFile() { ::close(fd_); }

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// As many bytes as there are, at most `into.size()`; 0 at the end.
    std::size_t read(std::span<std::uint8_t> into)
    {
        for (;;) {
            const ssize_t count = ::read(fd_, into.data(), into.size());
            if (count >= 0)
                return static_cast<std::size_t>(count);
            if (errno != EINTR)
                throw std::system_error(errno, std::generic_category(), "cannot read " + name_);
        }
    }
    /// The rest of the file, piece by piece.
    void readPieces(auto&& take)
    {
        Bytes piece(256u << 10);
        while (const std::size_t count = read(piece))
            take(ByteView(piece).first(count));
    }

private:
    std::string name_;
    int fd_ = -1;
    std::uint64_t size_ = 0;
};

} // namespace

Bytes readFile(std::string_view path, std::string_view what, std::uint64_t max_bytes)
{
    InputFile file(path, what);
    if (file.size() > max_bytes)
        throw std::runtime_error(file.name() + " is longer than " + std::to_string(max_bytes) + " bytes");
    Bytes bytes(file.size() + 1); // one more, to notice a file that grows meanwhile
    std::size_t length = 0;
    while (length < bytes.size()) {
        const std::size_t count = file.read(std::span(bytes).subspan(length));
        if (count == 0)
            break;
        length += count;
    }
    if (length > file.size())
        throw std::runtime_error(file.name() + " is being written to");
    bytes.resize(length);
    return bytes;
}

Sha256Digest sha256OfFile(std::string_view path, std::string_view what)
{
    InputFile file(path, what);
    Sha256 hasher;
    file.readPieces([&](ByteView piece) { hasher.update(piece); });
    return hasher.finish();
}

FileDigests hashFile(std::string_view path, std::string_view what, std::span<const HashAlgorithm> algorithms)
{
    InputFile file(path, what);
    std::deque<AnyHasher> hashers;
    for (const HashAlgorithm algorithm : algorithms)
        hashers.emplace_back(algorithm);
    FileDigests out;
    file.readPieces([&](ByteView piece) {
        for (AnyHasher& hasher : hashers)
            hasher.update(piece);
        out.size += piece.size();
    });
    for (AnyHasher& hasher : hashers)
        out.digests.push_back(hasher.finish());
    return out;
}

} // namespace teehost::kit
