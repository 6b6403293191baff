// SPDX-License-Identifier: Apache-2.0
#include "host/agent/client_hello.h"

#include <array>
#include <memory>

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "host/base/error.h"
#include "host/base/free_with.h"

namespace teehost::agent {
namespace {

constexpr std::array<unsigned char, 3> kHttp2{2, 'h', '2'}; // RFC 7301, section 3.1: length, name

} // namespace

std::string clientHello()
{
    const std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>> context(::SSL_CTX_new(::TLS_client_method()));
    const std::unique_ptr<SSL, FreeWith<SSL_free>> tls(context ? ::SSL_new(context.get()) : nullptr);
    BIO* const in = ::BIO_new(::BIO_s_mem());
    BIO* const out = ::BIO_new(::BIO_s_mem());
    if (!tls || in == nullptr || out == nullptr ||
        ::SSL_set_alpn_protos(tls.get(), kHttp2.data(), kHttp2.size()) != 0) {
        ::BIO_free(in);
        ::BIO_free(out);
        throw Error(Category::ResourceExhausted, "OpenSSL cannot make a TLS client");
    }
    ::SSL_set_bio(tls.get(), in, out); // which owns both from here on
    // The handshake stops when it wants the server's answer; what it has written by then is the ClientHello.
    static_cast<void>(::SSL_connect(tls.get()));
    char* bytes = nullptr;
    const long size = ::BIO_get_mem_data(out, &bytes);
    if (size <= 0)
        throw Error(Category::ResourceExhausted, "OpenSSL cannot make a ClientHello");
    return {bytes, static_cast<std::size_t>(size)};
}

} // namespace teehost::agent
