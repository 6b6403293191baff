// SPDX-License-Identifier: Apache-2.0
//
// Certificates and CRLs out of files.
#include <new>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pemerr.h>

#include "teehost/kit/openssl_handle.h"
#include "teehost/kit/openssl_scope.h"
#include "teehost/kit/x509.h"

namespace teehost::kit {
namespace {

constexpr std::size_t kMostBytes = 1u << 20; // a thousand times a certificate; lengths are int in OpenSSL

/// Text, that is: a block of PEM can also stand inside something else.
bool isPem(ByteView file) noexcept
{
    const std::string_view text = textOf(file);
    return text.find("-----BEGIN ") != std::string_view::npos && text.find('\0') == std::string_view::npos;
}

Certificate certificateOf(ByteView der, std::span<const Certificate> known)
{
    for (const Certificate& one : known)
        if (equal(one.der(), der))
            return one;
    return Certificate::fromDer(der);
}

void readPem(ByteView file, std::span<const Certificate> known, X509Objects& out)
{
    const Handle<BIO, BIO_free> bio(BIO_new_mem_buf(file.data(), static_cast<int>(file.size())));
    if (!bio)
        throw std::bad_alloc();
    char *label = nullptr, *header = nullptr;
    unsigned char* data = nullptr;
    long length = 0;
    while (PEM_read_bio(bio.get(), &label, &header, &data, &length) == 1) {
        const std::string name = label;
        const Bytes der(data, data + length);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_clear_free(
            data, static_cast<std::size_t>(length)); // it may be a private key that should not be here
        if (name == PEM_STRING_X509 || name == PEM_STRING_X509_OLD)
            out.certificates.push_back(certificateOf(der, known));
        else if (name == PEM_STRING_X509_CRL)
            out.crls.push_back(Crl::fromDer(der));
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) !=
        PEM_R_NO_START_LINE) // which is how it says "no more of them"
        throw CryptoError("a block of this PEM text is broken");
}

} // namespace

X509Objects readX509(ByteView file, std::span<const Certificate> known)
{
    const OpensslScope scope;
    X509Objects out;
    if (file.size() > kMostBytes)
        throw CryptoError("too long for certificates");
    if (isPem(file)) {
        readPem(file, known, out);
        if (out.certificates.empty() && out.crls.empty())
            throw CryptoError("no certificate and no CRL in this PEM text");
        return out;
    }
    try {
        out.certificates.push_back(certificateOf(file, known));
    } catch (const CryptoError&) {
        try {
            out.crls.push_back(Crl::fromDer(file));
        } catch (const CryptoError&) {
            throw CryptoError("neither a certificate nor a CRL, neither in PEM nor in DER");
        }
    }
    return out;
}

bool looksLikeX509(ByteView file) noexcept
{
    // A SEQUENCE whose length has two bytes, as every certificate's and nearly every CRL's has
    // (X.690, 8.1.3.5).
    const bool isSequence = file.size() > 4 && file[0] == 0x30 && file[1] == 0x82 &&
                            (static_cast<std::size_t>(file[2]) << 8 | file[3]) + 4 == file.size();
    return isSequence || isPem(file);
}

} // namespace teehost::kit
