// SPDX-License-Identifier: Apache-2.0
//
// A certificate authority that lives as long as a test.
#pragma once

#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/x509.h>

namespace teehost::cli::test {

struct Identity {
    std::string certPem, keyPem;
};

class Authority {
public:
    explicit Authority(const std::string& name = "test CA");
    [[nodiscard]] std::string certPem() const;
    /// A certificate for `name`, both as subject and as DNS name.
    [[nodiscard]] Identity issue(const std::string& name) const;

private:
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
    std::unique_ptr<X509, decltype(&X509_free)> cert_;
};

} // namespace teehost::cli::test
