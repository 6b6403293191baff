// SPDX-License-Identifier: Apache-2.0
//
// PEM (RFC 7468) with whatever editors, mail, C programs and shells leave in it. Only how the text is written
// is forgiven: what a block decodes to is as strict as ever (DER, in the only encoding it has).
#pragma once

#include <string>
#include <vector>

#include "teehost/kit/bytes.h"

namespace teehost::kit {

struct PemBlock {
    std::string label; ///< "CERTIFICATE", "X509 CRL"
    Bytes data;
};

/// Tells whether the file is text with at least one block: with a byte order mark, in UTF-16, with text
/// around the blocks, or with zeros behind them.
[[nodiscard]] bool looksLikePem(ByteView file) noexcept;

/// All blocks, in order. Line ends may be of any system, have become blanks, or stand there as a backslash
/// and an n; lines may be indented; header lines of a block are passed over. A private key, which should not
/// be here, is not decoded: its data is empty. Throws CryptoError for a block that is broken, and for more
/// than 256 of them.
[[nodiscard]] std::vector<PemBlock> readPem(ByteView file);

enum class X509Kind { Certificate, Crl };
struct X509Block {
    X509Kind kind;
    Bytes der;
};

/// The certificates and CRLs of a PEM text, of a "TRUSTED CERTIFICATE" the certificate; other blocks are
/// passed over. Throws CryptoError, with the labels of the others, when there is none, and as readPem.
[[nodiscard]] std::vector<X509Block> readX509Pem(ByteView file);

/// The certificate of a "TRUSTED CERTIFICATE", behind which OpenSSL keeps what it is trusted for: the first
/// object in DER. Throws CryptoError when there is none.
[[nodiscard]] Bytes trustedCertificate(ByteView data);

} // namespace teehost::kit
