// SPDX-License-Identifier: Apache-2.0
#include "vtpm_factory/soft_tpm.h"

namespace teehost::vtpm_factory {
namespace {

void varint(Bytes& out, std::uint64_t value)
{
    for (; value > 0x7F; value >>= 7)
        out.push_back(static_cast<std::uint8_t>(value | 0x80));
    out.push_back(static_cast<std::uint8_t>(value));
}

Bytes cborText(std::string_view text)
{
    Bytes out{static_cast<std::uint8_t>(0x60 | text.size())}; // up to 23 bytes
    out.insert(out.end(), text.begin(), text.end());
    return out;
}

Bytes cborBytes(kit::ByteView bytes)
{
    return Writer().big(0x5A, 1).big(bytes.size(), 4).raw(bytes).bytes(); // from 64 KiB on
}

} // namespace

std::uint16_t algId(HashAlgorithm bank)
{
    switch (bank) {
    case HashAlgorithm::Sha1:
        return 0x4;
    case HashAlgorithm::Sha2_256:
        return 0xB;
    case HashAlgorithm::Sha2_384:
        return 0xC;
    default:
        return 0xD;
    }
}

Writer& Writer::big(std::uint64_t number, unsigned octets)
{
    while (octets-- > 0)
        out_.push_back(static_cast<std::uint8_t>(number >> (8 * octets)));
    return *this;
}

Writer& Writer::little(std::uint64_t number, unsigned octets)
{
    for (unsigned i = 0; i < octets; ++i)
        out_.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
    return *this;
}

Writer& Writer::raw(kit::ByteView bytes)
{
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return *this;
}

void putField(Bytes& out, unsigned number, std::uint64_t value)
{
    varint(out, number << 3);
    varint(out, value);
}

void putField(Bytes& out, unsigned number, kit::ByteView bytes)
{
    varint(out, number << 3 | 2);
    varint(out, bytes.size());
    out.insert(out.end(), bytes.begin(), bytes.end());
}

Bytes write(const Message& message)
{
    Bytes out;
    putField(out, 1, message.akPublic);
    for (const auto& quote : message.quotes) {
        Bytes pcrs, inner;
        putField(pcrs, 1, std::uint64_t{algId(quote.bank)});
        for (const auto& [pcr, value] : quote.pcrs) {
            Bytes entry;
            if (pcr != 0)
                putField(entry, 1, std::uint64_t{pcr});
            putField(entry, 2, value);
            putField(pcrs, 2, entry);
        }
        putField(inner, 1, quote.attest);
        putField(inner, 2, quote.signature);
        putField(inner, 3, pcrs);
        putField(out, 2, inner);
    }
    if (!message.eventLog.empty())
        putField(out, 3, message.eventLog);
    if (!message.akCertificate.empty())
        putField(out, 6, message.akCertificate);
    if (!message.snp.empty())
        putField(out, 8, message.snp);
    return out;
}

Bytes token(kit::ByteView message, std::string_view platform, bool cose)
{
    Bytes padded(message.begin(), message.end());
    // An unknown field of the message, so that its length takes four bytes.
    putField(padded, 100, Bytes(std::size_t{1} << 16));
    Writer map;
    map.big(0xA3, 1).big(0x0A, 1).big(0x41, 1).big(0x99, 1); // eat_nonce: one byte
    map.raw(cborText("platform_type")).raw(cborText(platform));
    map.raw(cborText("raw_report")).raw(cborBytes(padded));
    if (!cose)
        return map.bytes();
    return Writer()
        .big(0xD284, 2)
        .big(0x43A10126, 4) // ES256
        .big(0xA0, 1)
        .raw(cborBytes(map.bytes()))
        .big(0x42AABB, 3)
        .bytes();
}

Bytes snpAttestation(kit::ByteView report_data, std::uint32_t vmpl)
{
    Bytes report, out;
    putField(report, 1, std::uint64_t{3});
    putField(report, 3, std::uint64_t{0x30000});
    putField(report, 6, std::uint64_t{vmpl});
    putField(report, 11, report_data);
    putField(report, 12, Bytes(48, 0xAB));
    putField(report, 28, Bytes(512, 0xCD));
    putField(report, 29, std::uint64_t{0x00A00F11});
    putField(out, 1, report);
    return out;
}

} // namespace teehost::vtpm_factory
