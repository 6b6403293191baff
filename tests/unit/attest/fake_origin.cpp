// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/attest/fake_origin.h"

#include <array>
#include <csignal>
#include <stdexcept>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace teehost::attest::test {
namespace {

constexpr int kPatienceMs = 5000;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bio memory(const std::string& text)
{
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

} // namespace

struct FakeOrigin::Tls {
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
};

FakeOrigin::FakeOrigin(const cli::test::Identity& identity) : tls_(std::make_unique<Tls>())
{
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(memory(identity.certPem).get(), nullptr, nullptr, nullptr), X509_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(memory(identity.keyPem).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    if (SSL_CTX_use_certificate(tls_->context.get(), certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(tls_->context.get(), key.get()) != 1)
        throw std::runtime_error("the certificate is of no use");
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error("cannot listen");
    port_ = ntohs(address.sin_port);
    ::signal(SIGPIPE, SIG_IGN); // OpenSSL writes to clients that have gone
    thread_ = std::thread([this] { serve(); });
}

FakeOrigin::~FakeOrigin()
{
    ends_ = true;
    ::shutdown(listener_, SHUT_RDWR); // wakes accept
    thread_.join();
    ::close(listener_);
}

void FakeOrigin::answer(const std::string& path, const std::string& response)
{
    const std::lock_guard lock(mutex_);
    answers_[path] = response;
}

void FakeOrigin::answer(const std::string& path, unsigned status, const std::string& head,
                        const std::string& body)
{
    answer(path, "HTTP/1.1 " + std::to_string(status) + " X\r\nConnection: close\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n" + head + "\r\n" + body);
}

std::vector<std::string> FakeOrigin::requests() const
{
    const std::lock_guard lock(mutex_);
    return requests_;
}

void FakeOrigin::serve()
{
    while (!ends_) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        serveOne(fd);
        ::close(fd);
    }
}

std::string FakeOrigin::responseTo(const std::string& head)
{
    const std::lock_guard lock(mutex_);
    requests_.push_back(head);
    const auto start = head.find(' ') + 1;
    const auto found = answers_.find(head.substr(start, head.find(' ', start) - start));
    return found == answers_.end() ? "HTTP/1.1 404 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                                   : found->second;
}

void FakeOrigin::serveOne(int fd)
{
    const timeval patience{kPatienceMs / 1000, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(tls_->context.get()), SSL_free);
    SSL_set_fd(ssl.get(), fd);
    if (SSL_accept(ssl.get()) != 1)
        return; // the client does not trust it
    std::string head;
    std::array<char, 4096> buffer{};
    while (head.find("\r\n\r\n") == std::string::npos) {
        const int got = SSL_read(ssl.get(), buffer.data(), static_cast<int>(buffer.size()));
        if (got <= 0)
            return;
        head.append(buffer.data(), static_cast<std::size_t>(got));
    }
    const std::string response = responseTo(head);
    if (delayMs_ > 0) { // or until the client closes
        pollfd poller{fd, POLLIN, 0};
        ::poll(&poller, 1, delayMs_);
    }
    SSL_write(ssl.get(), response.data(), static_cast<int>(response.size()));
    SSL_shutdown(ssl.get());
}

} // namespace teehost::attest::test
