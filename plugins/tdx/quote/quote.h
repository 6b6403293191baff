// SPDX-License-Identifier: Apache-2.0
//
// A TD's quote: what the TDX module says of the TD (the body), and what the quoting enclave and its
// certificates say of that (the signature data). Intel TDX DCAP Quoting Library API, appendix 3, "Quote
// Format", versions 4 and 5.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include <teehost/kit/bytes.h>

namespace teehost::tdx {

using Register = std::array<std::uint8_t, 48>; ///< SHA-384
using Svns = std::array<std::uint8_t, 16>;     ///< security version numbers of TCB components
using Bits = std::array<std::uint8_t, 8>;      ///< a bit field as it lies in memory

/// The bits as a number: bit 0 is the lowest of the first byte.
[[nodiscard]] constexpr std::uint64_t numberOf(const Bits& bits) noexcept
{
    std::uint64_t number = 0;
    for (std::size_t i = bits.size(); i-- > 0;)
        number = number << 8 | bits[i];
    return number;
}
[[nodiscard]] constexpr Bits bitsOf(std::uint64_t number) noexcept
{
    Bits bits{};
    for (std::size_t i = 0; i < bits.size(); ++i)
        bits[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return bits;
}

enum class BodyType : std::uint16_t { Td10 = 2, Td15 = 3, Td15Extended = 4 };

struct TdReport {
    Svns teeTcbSvn{}; ///< of the module that started the TD
    Register mrSeam{}, mrSignerSeam{};
    Bits seamAttributes{}, tdAttributes{}, xfam{};
    Register mrTd{}, mrConfigId{}, mrOwner{}, mrOwnerConfig{};
    std::array<Register, 4> rtmr{};
    std::array<std::uint8_t, 64> reportData{};
    // Since TDX 1.5.
    std::optional<Svns> teeTcbSvn2; ///< of the module that runs now
    std::optional<Register> mrServiceTd;
};

/// An SGX report body; what verification needs of it.
struct QeReport {
    std::array<std::uint8_t, 4> miscSelect{};
    std::array<std::uint8_t, 16> attributes{};
    std::array<std::uint8_t, 32> mrEnclave{}, mrSigner{};
    std::uint16_t isvProdId = 0, isvSvn = 0;
    std::array<std::uint8_t, 64> reportData{};
};

struct Quote {
    /// Views of `bytes`, which must outlive the quote. Bytes behind the signature data are counted and not
    /// looked at: they are padding, and nobody signed them. InputError QUOTE_VERSION, ATT_KEY_TYPE, TEE_TYPE,
    /// QE_VENDOR, BODY_TYPE, TRUNCATED, SIGDATA, CERT_TYPE, CERT_LEN, CERT_TYPE5. No cryptography.
    [[nodiscard]] static Quote parse(kit::ByteView bytes);

    std::uint16_t version = 0;
    BodyType bodyType = BodyType::Td10;
    std::array<std::uint8_t, 16> qeVendor{};
    std::array<std::uint8_t, 20> userData{};
    TdReport body;

    kit::ByteView signedPart;     ///< header to body
    kit::ByteView signature;      ///< r, s
    kit::ByteView attestationKey; ///< x, y
    kit::ByteView qeReportBytes;
    QeReport qe;
    kit::ByteView qeSignature; ///< by the PCK: r, s
    kit::ByteView qeAuthData;
    kit::ByteView certificates; ///< PEM: PCK certificate, its issuer, the root
    std::size_t trailingBytes = 0;
};

/// 0 to 100: how surely the bytes are a TD's quote.
[[nodiscard]] int looksLikeQuote(kit::ByteView bytes) noexcept;

} // namespace teehost::tdx
