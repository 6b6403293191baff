// SPDX-License-Identifier: Apache-2.0
#include "cli/output/base64.h"

#include <openssl/evp.h>

namespace teehost::cli {

std::string toBase64(std::string_view bytes)
{
    // EVP_EncodeBlock takes an int length; 3 MiB at a time keeps far below and makes no padding inside.
    constexpr std::size_t kPiece = 3u << 20;
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
        const std::string_view piece = bytes.substr(at, kPiece);
        std::string encoded((piece.size() + 2) / 3 * 4 + 1, '\0'); // EVP_EncodeBlock ends with a NUL
        const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                           reinterpret_cast<const unsigned char*>(piece.data()),
                                           static_cast<int>(piece.size()));
        text.append(encoded, 0, static_cast<std::size_t>(length));
    }
    return text;
}

} // namespace teehost::cli
