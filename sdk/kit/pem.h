// SPDX-License-Identifier: Apache-2.0
//
// Blocks of PEM text (RFC 7468), with whatever stands between them.
#pragma once

#include <string>
#include <vector>

#include "teehost/kit/bytes.h"

namespace teehost::kit {

enum class PemKind { Certificate, Crl };

struct PemBlock {
    PemKind kind;
    Bytes der;
};

/// Text with a block in it, that is: one can also stand inside something else.
[[nodiscard]] bool isPem(ByteView file) noexcept;

/// The certificates and CRLs; other blocks are left out, and wiped, since one may be a private key that
/// should not be there. CryptoError when there is none, or one is broken.
[[nodiscard]] std::vector<PemBlock> readPem(ByteView file);

/// Files of certificates and CRLs are not longer: 1 MiB; CryptoError. Lengths are int in OpenSSL.
void expectShort(ByteView file);

} // namespace teehost::kit
