// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/pem.h"

#include <algorithm>

#include <openssl/pem.h>

#include "teehost/kit/crypto_error.h"

namespace teehost::kit {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";
constexpr std::size_t kMostBlocks = 256;

/// The file as 8-bit text without the zeros behind it; empty when zeros stand elsewhere, as in no text. Only
/// text in UTF-16 is copied, into `room`.
std::string_view textIn(ByteView file, std::string& room)
{
    std::string_view text = textOf(file);
    const bool little = file.size() >= 2 && file[0] == 0xFF && file[1] == 0xFE;
    const bool big = file.size() >= 2 && file[0] == 0xFE && file[1] == 0xFF;
    if (little || big) {
        for (std::size_t i = 2; i + 1 < file.size(); i += 2) // of other characters than ASCII '?' will do
            room += file[little ? i + 1 : i] == 0 ? static_cast<char>(file[little ? i : i + 1]) : '?';
        text = room;
    }
    while (text.ends_with('\0'))
        text.remove_suffix(1);
    return text.find('\0') == std::string_view::npos ? text : std::string_view();
}

/// Adds the base64 of a line that has more in it than base64.
void addDressedLine(std::string_view line, std::string& out)
{
    if (line.find(':') != std::string_view::npos) // "Proc-Type: 4,ENCRYPTED"
        return;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == ' ' || line[i] == '\t')
            continue;
        if (line[i] == '\\' && i + 1 < line.size() && (line[i + 1] == 'n' || line[i + 1] == 'r')) {
            ++i; // a line end that a shell or JSON left escaped
            continue;
        }
        out += line[i];
    }
}

/// Returns the base64 between a block's boundaries without line ends, however these are written.
std::string base64In(std::string_view body)
{
    const auto isLineEnd = [](char c) { return c == '\n' || c == '\r'; };
    const auto isDress = [](char c) { return c == ' ' || c == '\t' || c == '\\' || c == ':'; };
    std::string out;
    out.reserve(body.size());
    for (auto at = body.begin(); at != body.end();) {
        const auto end = std::find_if(at, body.end(), isLineEnd);
        if (std::none_of(at, end, isDress))
            out.append(at, end);
        else
            addDressedLine({at, end}, out);
        at = end == body.end() ? end : end + 1;
    }
    return out;
}

} // namespace

bool looksLikePem(ByteView file) noexcept
{
    try {
        const bool wide = file.size() >= 2 && (file[0] == 0xFF || file[0] == 0xFE);
        std::string room;
        return (wide || textOf(file).find(kBegin) != std::string_view::npos) &&
               textIn(file, room).find(kBegin) != std::string_view::npos;
    } catch (...) {
        return false;
    }
}

std::vector<PemBlock> readPem(ByteView file)
{
    std::string room;
    std::string_view text = textIn(file, room);
    std::vector<PemBlock> blocks;
    for (;;) {
        const std::size_t begin = text.find(kBegin);
        if (begin == std::string_view::npos)
            return blocks;
        text.remove_prefix(begin + kBegin.size());
        const std::size_t label = text.find(kDashes);
        const std::size_t end = text.find(kEnd);
        if (label == std::string_view::npos || end == std::string_view::npos || end < label + kDashes.size())
            throw CryptoError("a block of this PEM text is broken: it begins, and does not end");
        PemBlock block{std::string(text.substr(0, label)), {}};
        const std::string closing = block.label + std::string(kDashes);
        const bool isSecret = block.label.find("PRIVATE KEY") != std::string::npos;
        const std::string_view body = text.substr(label + kDashes.size(), end - label - kDashes.size());
        text.remove_prefix(end + kEnd.size());
        if (!text.starts_with(closing))
            throw CryptoError("a block of this PEM text is broken: " + shownText(block.label) +
                              " begins, and another ends");
        auto data = isSecret ? std::optional<Bytes>(Bytes()) : fromBase64(base64In(body));
        if (!data || (data->empty() && !isSecret))
            throw CryptoError("a block of this PEM text is broken: " + shownText(block.label) +
                              " is not base64");
        if (blocks.size() == kMostBlocks)
            throw CryptoError("this PEM text has more than 256 blocks");
        block.data = *std::move(data);
        blocks.push_back(std::move(block));
        text.remove_prefix(closing.size());
    }
}

Bytes trustedCertificate(ByteView data)
{
    constexpr std::size_t kHeader = 4; // SEQUENCE with a length of two bytes (X.690, 8.1.3.5)
    if (data.size() >= kHeader && data[0] == 0x30 && data[1] == 0x82) {
        const std::size_t size = kHeader + (static_cast<std::size_t>(data[2]) << 8 | data[3]);
        if (size <= data.size())
            return {data.begin(), data.begin() + static_cast<std::ptrdiff_t>(size)};
    }
    throw CryptoError("a TRUSTED CERTIFICATE of this PEM text holds no certificate");
}

std::vector<X509Block> readX509Pem(ByteView file)
{
    std::vector<X509Block> out;
    std::string others;
    for (PemBlock& block : readPem(file)) {
        if (block.label == PEM_STRING_X509 || block.label == PEM_STRING_X509_OLD)
            out.push_back({X509Kind::Certificate, std::move(block.data)});
        else if (block.label == PEM_STRING_X509_TRUSTED)
            out.push_back({X509Kind::Certificate, trustedCertificate(block.data)});
        else if (block.label == PEM_STRING_X509_CRL)
            out.push_back({X509Kind::Crl, std::move(block.data)});
        else
            others += (others.empty() ? "" : ", ") + shownText(block.label);
    }
    if (out.empty())
        throw CryptoError("no certificate and no CRL in this PEM text" +
                          (others.empty() ? "" : ", but " + others));
    return out;
}

} // namespace teehost::kit
