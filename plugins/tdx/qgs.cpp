// SPDX-License-Identifier: Apache-2.0
#include "tdx/qgs.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <linux/vm_sockets.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <teehost/kit/byte_writer.h>
#include <teehost/kit/input_error.h>

namespace teehost::tdx {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint16_t kMajor = 1, kMinor = 1;
constexpr std::uint32_t kPlatformRequest = 4, kPlatformAnswer = 5;
constexpr std::uint32_t kHeaderBytes = 16;
constexpr std::uint32_t kMostAnswer = 128 * 1024; // as QEMU's limit for a quote

class Socket {
public:
    explicit Socket(int family) noexcept
        : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
    {
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_;
};

/// A talk with a deadline; every function says false, with errno, when it is over.
class Talk {
public:
    Talk(const QgsAddress& address, Clock::time_point deadline)
        : socket_(address.path.empty() ? AF_VSOCK : AF_UNIX), deadline_(deadline)
    {
    }

    bool connect(const QgsAddress& address)
    {
        if (socket_.fd() < 0)
            return false;
        sockaddr_un unixAddress{};
        sockaddr_vm vsockAddress{};
        const sockaddr* to = reinterpret_cast<const sockaddr*>(&vsockAddress);
        socklen_t size = sizeof vsockAddress;
        vsockAddress.svm_family = AF_VSOCK;
        vsockAddress.svm_cid = address.cid;
        vsockAddress.svm_port = address.port;
        if (!address.path.empty()) {
            unixAddress.sun_family = AF_UNIX;
            address.path.copy(unixAddress.sun_path, sizeof unixAddress.sun_path - 1);
            to = reinterpret_cast<const sockaddr*>(&unixAddress);
            size = sizeof unixAddress;
        }
        if (::connect(socket_.fd(), to, size) == 0)
            return true;
        if (errno != EINPROGRESS || !wait(POLLOUT))
            return false;
        int error = 0;
        socklen_t length = sizeof error;
        ::getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &length);
        errno = error;
        return error == 0;
    }

    bool send(kit::ByteView bytes)
    {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent >= 0)
                bytes = bytes.subspan(static_cast<std::size_t>(sent));
            else if ((errno != EAGAIN && errno != EINTR) || !wait(POLLOUT))
                return false;
        }
        return true;
    }

    bool receive(std::span<std::uint8_t> into)
    {
        while (!into.empty()) {
            const auto got = ::recv(socket_.fd(), into.data(), into.size(), 0);
            if (got > 0) {
                into = into.subspan(static_cast<std::size_t>(got));
            } else if (got == 0) {
                errno = ECONNRESET;
                return false;
            } else if ((errno != EAGAIN && errno != EINTR) || !wait(POLLIN)) {
                return false;
            }
        }
        return true;
    }

private:
    bool wait(short events)
    {
        pollfd poller{socket_.fd(), events, 0};
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
        const int ready = left.count() <= 0 ? 0 : ::poll(&poller, 1, static_cast<int>(left.count()));
        if (ready == 0)
            errno = ETIMEDOUT;
        return ready > 0;
    }

    Socket socket_;
    Clock::time_point deadline_;
};

/// A frame is its length, big endian, and a message (whose own numbers are little endian).
kit::Bytes framed(const kit::Bytes& message)
{
    kit::Bytes out;
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(message.size() >> shift));
    out.insert(out.end(), message.begin(), message.end());
    return out;
}

kit::Asked<QgsPlatform> ask(Talk& talk, const std::string& subject)
{
    std::array<std::uint8_t, 4> head{};
    if (!talk.send(framed(platformRequest())) || !talk.receive(head))
        return {std::nullopt, kit::because(subject + " does not answer", errno)};
    const std::uint32_t size = kit::Reader(head, "frame").u32be();
    if (size < kHeaderBytes || size > kMostAnswer)
        return {std::nullopt, subject + " answers with a frame of " + std::to_string(size) +
                                  " bytes: it does not speak the protocol of QGS"};
    kit::Bytes message(size);
    if (!talk.receive(message))
        return {std::nullopt, kit::because(subject + " breaks off its answer", errno)};
    try {
        return {readPlatformAnswer(message), {}};
    } catch (const kit::InputError& e) {
        return {std::nullopt, subject + " does not speak the protocol of QGS: " + e.what()};
    }
}

} // namespace

std::string QgsAddress::toText() const
{
    return path.empty() ? "vsock " + std::to_string(cid) + ":" + std::to_string(port) : path;
}

std::optional<QgsAddress> qgsOf(const Configuration& configuration, const std::string& root)
{
    const std::string& where = configuration.quoteGeneration;
    if (where == "none")
        return std::nullopt;
    if (where.starts_with('/'))
        return QgsAddress{where, 0, 0};
    std::error_code ignored;
    if (where == "auto" && std::filesystem::is_socket(root + kQgsSocket, ignored))
        return QgsAddress{root + kQgsSocket, 0, 0};
    return QgsAddress{"", configuration.quoteGenerationCid, configuration.quoteGenerationPort};
}

kit::Bytes platformRequest()
{
    constexpr std::uint32_t kNoError = 0;
    return kit::ByteWriter()
        .u16(kMajor)
        .u16(kMinor)
        .u32(kPlatformRequest)
        .u32(kHeaderBytes)
        .u32(kNoError)
        .take();
}

QgsPlatform readPlatformAnswer(kit::ByteView message)
{
    return kit::withReason("qgs", [&] {
        kit::Reader in(message, "QGS answer");
        if (const std::uint16_t major = in.u16(); major != kMajor)
            in.fail("version " + std::to_string(major));
        in.skip(2); // minor: 0 and 1 are alike
        if (const std::uint32_t type = in.u32(); type != kPlatformAnswer)
            in.fail("type " + std::to_string(type) + ", 5 was asked for,");
        if (const std::uint32_t size = in.u32(); size != message.size())
            in.fail("a size of " + std::to_string(size) + " in a frame of " + std::to_string(message.size()));
        QgsPlatform out;
        out.error = in.u32();
        if (out.error != 0)
            return out;
        out.qeSvn = in.u16();
        out.pceSvn = in.u16();
        return out; // ids follow
    });
}

kit::Asked<QgsPlatform> lookAtQgs(const QgsAddress& address, QgsLook look, std::chrono::milliseconds limit)
{
    const std::string subject = "the quote generation service at " + address.toText();
    Talk talk(address, Clock::now() + limit);
    if (!talk.connect(address))
        return {std::nullopt, kit::because(subject + " cannot be reached", errno)};
    if (look == QgsLook::Connect)
        return {QgsPlatform{}, {}};
    return ask(talk, subject);
}

} // namespace teehost::tdx
