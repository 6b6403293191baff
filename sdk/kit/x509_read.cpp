// SPDX-License-Identifier: Apache-2.0
//
// Certificates and CRLs out of files.
#include "pem.h"
#include "teehost/kit/x509.h"

namespace teehost::kit {

X509Objects readX509(ByteView file)
{
    X509Objects out;
    expectShort(file);
    if (isPem(file)) {
        for (const PemBlock& block : readPem(file)) {
            if (block.kind == PemKind::Certificate)
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

bool looksLikeX509(ByteView file) noexcept
{
    // A SEQUENCE whose length has two bytes, as every certificate's and nearly every CRL's has
    // (X.690, 8.1.3.5).
    const bool isSequence = file.size() > 4 && file[0] == 0x30 && file[1] == 0x82 &&
                            (static_cast<std::size_t>(file[2]) << 8 | file[3]) + 4 == file.size();
    return isSequence || isPem(file);
}

} // namespace teehost::kit
