// SPDX-License-Identifier: Apache-2.0
//
// What a PCK certificate says of its platform (Intel SGX PCK Certificate and CRL Profile Specification,
// section 1.3.5).
#pragma once

#include <array>
#include <cstdint>

#include <teehost/kit/vendor_x509.h>

#include "tdx/quote/quote.h"

namespace teehost::tdx {

struct PckExtension {
    /// From the extension's contents. InputError PCK_EXTENSION.
    [[nodiscard]] static PckExtension parse(kit::ByteView der);
    [[nodiscard]] static PckExtension of(const kit::VendorCertificate& pck);

    std::array<std::uint8_t, 16> ppid{};
    Svns components{}; ///< of the platform's TCB; TCB levels are matched with these, not with CPUSVN
    std::uint16_t pceSvn = 0;
    Svns cpuSvn{};
    std::array<std::uint8_t, 2> pceId{};
    std::array<std::uint8_t, 6> fmspc{}; ///< family, model, stepping, platform, custom SKU
};

} // namespace teehost::tdx
