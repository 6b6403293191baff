// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/quote.h"

#include <string>

#include <teehost/kit/input_error.h>
#include <teehost/kit/reader.h>

namespace teehost::tdx {
namespace {

using kit::InputError;

constexpr std::uint16_t kEcdsaP256 = 2;
constexpr std::uint32_t kTeeTdx = 0x81;
constexpr auto kIntelVendor = kit::arrayOf<16>("939a7233f79c4ca9940a0db3957f0607");
constexpr std::uint16_t kQeReportData = 6, kPckChain = 5; // types of certification data
constexpr std::size_t kQeReportSize = 384, kExtendedTail = 237;

constexpr std::size_t sizeOf(BodyType type) noexcept
{
    constexpr std::size_t kTd10 = 584, kTd15 = 648;
    return type == BodyType::Td10 ? kTd10 : type == BodyType::Td15 ? kTd15 : kTd15 + kExtendedTail;
}

template <class Number>
void expectValue(Number actual, Number expected, std::string_view reason, const char* what)
{
    if (actual != expected)
        throw InputError(reason, std::string("the quote's ") + what + " is " + std::to_string(actual) +
                                     "; only " + std::to_string(expected) + " is supported");
}

void readHeader(kit::Reader& in, Quote& out)
{
    out.version = in.u16();
    if (out.version != 4 && out.version != 5)
        throw InputError("QUOTE_VERSION",
                         "the quote has version " + std::to_string(out.version) + "; TDX quotes have 4 or 5");
    expectValue(in.u16(), kEcdsaP256, "ATT_KEY_TYPE", "attestation key type");
    expectValue(in.u32(), kTeeTdx, "TEE_TYPE", "TEE type");
    in.skip(4); // QE SVN and PCE SVN of version 3, reserved since
    out.qeVendor = in.array<16>();
    if (out.qeVendor != kIntelVendor)
        throw InputError("QE_VENDOR", "the quoting enclave's vendor is " + kit::toHex(out.qeVendor) +
                                          ", not Intel, " + kit::toHex(kIntelVendor));
    out.userData = in.array<20>();
}

BodyType readDescriptor(kit::Reader& in)
{
    const std::uint16_t type = in.u16();
    const std::uint32_t size = in.u32();
    for (const BodyType known : {BodyType::Td10, BodyType::Td15, BodyType::Td15Extended})
        if (type == static_cast<std::uint16_t>(known) && size == sizeOf(known))
            return known;
    throw InputError("BODY_TYPE", "a body of type " + std::to_string(type) + " with " + std::to_string(size) +
                                      " bytes is not a TD's report");
}

TdReport readBody(kit::Reader& in, BodyType type)
{
    TdReport out;
    out.teeTcbSvn = in.array<16>();
    out.mrSeam = in.array<48>();
    out.mrSignerSeam = in.array<48>();
    out.seamAttributes = in.array<8>();
    out.tdAttributes = in.array<8>();
    out.xfam = in.array<8>();
    out.mrTd = in.array<48>();
    out.mrConfigId = in.array<48>();
    out.mrOwner = in.array<48>();
    out.mrOwnerConfig = in.array<48>();
    for (Register& rtmr : out.rtmr)
        rtmr = in.array<48>();
    out.reportData = in.array<64>();
    if (type == BodyType::Td10)
        return out;
    out.teeTcbSvn2 = in.array<16>();
    out.mrServiceTd = in.array<48>();
    if (type == BodyType::Td15Extended)
        in.skip(
            kExtendedTail); // ids of the TD and of its first platform: signed, and nothing here needs them
    return out;
}

QeReport readQeReport(kit::ByteView bytes)
{
    kit::Reader in(bytes, "report of the quoting enclave");
    QeReport out;
    in.skip(16); // CPUSVN
    out.miscSelect = in.array<4>();
    in.skip(28);
    out.attributes = in.array<16>();
    out.mrEnclave = in.array<32>();
    in.skip(32);
    out.mrSigner = in.array<32>();
    in.skip(96);
    out.isvProdId = in.u16();
    out.isvSvn = in.u16();
    in.skip(60);
    out.reportData = in.array<64>();
    return out;
}

/// Inside certification data of type 6.
void readQeCertification(kit::Reader in, Quote& out)
{
    out.qeReportBytes = in.bytes(kQeReportSize);
    out.qe = readQeReport(out.qeReportBytes);
    out.qeSignature = in.bytes(64);
    out.qeAuthData = in.bytes(in.u16());
    const std::uint16_t type = in.u16();
    if (type != kPckChain)
        throw InputError("CERT_TYPE5", "the quote brings certification data of type " + std::to_string(type) +
                                           " instead of 5, the chain of the PCK certificate");
    out.certificates = in.bytes(in.u32());
    in.expectDone();
}

void readSignatureData(kit::Reader in, Quote& out)
{
    out.signature = in.bytes(64);
    out.attestationKey = in.bytes(64);
    const std::uint16_t type = in.u16();
    if (type != kQeReportData)
        throw InputError("CERT_TYPE", "the certification data has type " + std::to_string(type) +
                                          " instead of 6, the report of the quoting enclave");
    const std::uint32_t size = in.u32();
    if (size != in.remaining())
        throw InputError("CERT_LEN", "the certification data says " + std::to_string(size) + " bytes where " +
                                         std::to_string(in.remaining()) + " are");
    readQeCertification(in, out);
}

/// The buffer that a TD shares with its host to get a quote holds it behind 24 bytes (Intel GHCI 1.5,
/// section 3.3, and Linux, struct tdx_quote_buf): version 1, status 0, the lengths of report and quote. Tools
/// keep it whole.
kit::ByteView quoteInBuffer(kit::ByteView bytes)
{
    constexpr std::size_t kHeader = 24;
    if (bytes.size() < kHeader)
        return bytes;
    kit::Reader in(bytes, "quote buffer");
    const std::uint64_t version = in.u64(), status = in.u64();
    in.skip(4);
    const std::uint32_t length = in.u32();
    const bool isBuffer = version == 1 && status == 0 && length != 0 && length <= bytes.size() - kHeader;
    return isBuffer ? bytes.subspan(kHeader, length) : bytes;
}

} // namespace

Quote Quote::parse(kit::ByteView bytes)
{
    Quote out;
    bytes = quoteInBuffer(bytes);
    kit::Reader in(bytes, "quote");
    const kit::Reader signatureData = kit::withReason("TRUNCATED", [&] {
        readHeader(in, out);
        if (out.version >= 5)
            out.bodyType = readDescriptor(in);
        out.body = readBody(in, out.bodyType);
        out.signedPart = bytes.first(in.offset());
        return in.part(in.u32());
    });
    kit::withReason("SIGDATA", [&] { readSignatureData(signatureData, out); });
    out.trailingBytes = in.remaining();
    return out;
}

int looksLikeQuote(kit::ByteView bytes) noexcept
{
    try {
        static_cast<void>(Quote::parse(bytes));
        return 95;
    } catch (const InputError& e) {
        // Behind the vendor's id in the header hardly anything else begins like this.
        const std::string_view why = e.reason();
        constexpr std::size_t kHeader = 0x30;
        const bool isHeader = why == "BODY_TYPE" || why == "SIGDATA" || why.starts_with("CERT_") ||
                              (why == "TRUNCATED" && bytes.size() >= kHeader);
        return isHeader ? 60 : 0;
    } catch (...) {
        return 0;
    }
}

} // namespace teehost::tdx
