// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/cvms/tls_files.h"

#include <memory>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace teehost::guest {
namespace {

template <auto Free>
struct FreeWith {
    template <class T>
    void operator()(T* object) const
    {
        Free(object);
    }
};

using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

Bio open(const std::string& pem) { return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

Certificate certificateIn(const std::string& pem, const char* what)
{
    Certificate certificate(PEM_read_bio_X509(open(pem).get(), nullptr, nullptr, nullptr));
    if (!certificate)
        throw std::invalid_argument(std::string("the file of ") + what +
                                    " begins with no certificate in PEM");
    return certificate;
}

Key keyIn(const std::string& pem)
{
    static char noPassphrase[] = ""; // otherwise OpenSSL asks the terminal for one
    Key key(PEM_read_bio_PrivateKey(open(pem).get(), nullptr, nullptr, noPassphrase));
    if (!key)
        throw std::invalid_argument(
            "the file of the client's key has no private key in PEM, or an encrypted one");
    return key;
}

} // namespace

void checkTlsFiles(const TlsFiles& files)
{
    const struct Cleared { // what OpenSSL noted of a failure is nobody's afterwards
        ~Cleared() { ERR_clear_error(); }
    } cleared;
    if (!files.ca_certificates.empty())
        (void)certificateIn(files.ca_certificates, "the server's authorities");
    if (files.certificate.empty())
        return;
    const auto certificate = certificateIn(files.certificate, "the client's certificate");
    if (X509_check_private_key(certificate.get(), keyIn(files.key).get()) != 1)
        throw std::invalid_argument("the client's certificate is of another key than the one given");
}

} // namespace teehost::guest
