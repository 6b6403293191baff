// SPDX-License-Identifier: Apache-2.0
//
// Certificates and CRLs out of files.
#include "teehost/kit/pem.h"
#include "teehost/kit/x509.h"

namespace teehost::kit {

X509Objects readX509(ByteView file)
{
    X509Objects out;
    expectShort(file);
    if (looksLikePem(file)) {
        for (const X509Block& block : readX509Pem(file)) {
            if (block.kind == X509Kind::Certificate)
                out.certificates.push_back(Certificate::fromDer(block.der));
            else
                out.crls.push_back(Crl::fromDer(block.der));
        }
        return out;
    }
    try {
        out.certificates.push_back(Certificate::fromDer(file));
    } catch (const CryptoError&) {
        try {
            out.crls.push_back(Crl::fromDer(file));
        } catch (const CryptoError&) {
            throw CryptoError("neither a certificate nor a CRL, neither in PEM nor in DER");
        }
    }
    return out;
}

void expectShort(ByteView file)
{
    constexpr std::size_t kMostBytes = 1u << 20; // a thousand times a certificate
    if (file.size() > kMostBytes)
        throw CryptoError("too long for certificates");
}

bool looksLikeX509(ByteView file) noexcept
{
    // A SEQUENCE whose length has two bytes, as every certificate's and nearly every CRL's has
    // (X.690, 8.1.3.5).
    const bool isSequence = file.size() > 4 && file[0] == 0x30 && file[1] == 0x82 &&
                            (static_cast<std::size_t>(file[2]) << 8 | file[3]) + 4 == file.size();
    return isSequence || looksLikePem(file);
}

} // namespace teehost::kit
