// SPDX-License-Identifier: Apache-2.0
#include "pem.h"

#include <new>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pemerr.h>

#include "teehost/kit/crypto_error.h"
#include "teehost/kit/openssl_handle.h"
#include "teehost/kit/openssl_scope.h"

namespace teehost::kit {

bool isPem(ByteView file) noexcept
{
    const std::string_view text = textOf(file);
    return text.find("-----BEGIN ") != std::string_view::npos && text.find('\0') == std::string_view::npos;
}

std::vector<PemBlock> readPem(ByteView file)
{
    const OpensslScope scope;
    const Handle<BIO, BIO_free> bio(BIO_new_mem_buf(file.data(), static_cast<int>(file.size())));
    if (!bio)
        throw std::bad_alloc();
    std::vector<PemBlock> out;
    char *label = nullptr, *header = nullptr;
    unsigned char* data = nullptr;
    long length = 0;
    while (PEM_read_bio(bio.get(), &label, &header, &data, &length) == 1) {
        const std::string name = label;
        Bytes der(data, data + length);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, static_cast<std::size_t>(length));
        if (name == PEM_STRING_X509 || name == PEM_STRING_X509_OLD)
            out.push_back({PemKind::Certificate, std::move(der)});
        else if (name == PEM_STRING_X509_CRL)
            out.push_back({PemKind::Crl, std::move(der)});
        else
            OPENSSL_cleanse(der.data(), der.size());
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) // how it says "no more of them"
        throw CryptoError("a block of this PEM text is broken");
    if (out.empty())
        throw CryptoError("no certificate and no CRL in this PEM text");
    return out;
}

void expectShort(ByteView file)
{
    constexpr std::size_t kMostBytes = 1u << 20; // a thousand times a certificate
    if (file.size() > kMostBytes)
        throw CryptoError("too long for certificates");
}

} // namespace teehost::kit
