// SPDX-License-Identifier: Apache-2.0
//
// Quotes, written byte by byte, apart from the library that reads them. Each part can be made wrong.
#pragma once

#include <functional>
#include <string>

#include "tdx_factory/hierarchy.h"

namespace teehost::tdx_factory {

/// Where things are in a quote of version 4.
namespace offset {
inline constexpr std::size_t kBody = 0x30, kSignatureSize = 0x278, kSignature = 0x27c,
                             kAttestationKey = 0x2bc, kCertification = 0x2fc, kQeReport = 0x302,
                             kQeSignature = 0x482, kAuthData = 0x4c2, kChain = 0x4c4 + 32;
} // namespace offset
/// In a body.
namespace field {
inline constexpr std::size_t kTeeTcbSvn = 0, kMrSignerSeam = 0x40, kSeamAttributes = 0x70,
                             kTdAttributes = 0x78, kXfam = 0x80, kMrTd = 0x88, kMrConfigId = 0xb8,
                             kReportData = 0x208, kTeeTcbSvn2 = 0x248, kMrServiceTd = 0x258;
} // namespace field

using Change = std::function<void(Bytes&)>;

struct QuoteTerms {
    std::uint16_t version = 4;
    std::uint16_t bodyType = 2;
    Change header{};   ///< before it is signed
    Change body{};     ///< the same
    Change qeReport{}; ///< of its 384 bytes, before it is signed
    Bytes authData = Bytes(32, 0x0a);
    std::string chain{}; ///< PEM; what makeQuote is given otherwise
    Bytes trailing{};
};

[[nodiscard]] Bytes makeQuote(const QuoteTerms& terms, const Hierarchy& hierarchy, const std::string& chain);
/// PEM of a PCK certificate, its issuer and the root.
[[nodiscard]] std::string chainText(const Hierarchy& hierarchy, const kit::Certificate& pck);

} // namespace teehost::tdx_factory
