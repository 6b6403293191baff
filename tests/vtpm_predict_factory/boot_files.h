// SPDX-License-Identifier: Apache-2.0
//
// Small firmware images, made of what a test says.
#pragma once

#include <teehost/kit/bytes.h>

namespace teehost::vtpm_factory {

/// An OVMF image: a volume with a pad file, and a file with PEIFV and DXEFV compressed.
struct FirmwareBuilder {
    std::size_t peiBytes = 0x10000, dxeBytes = 0x8000; ///< at least 72, the header
    std::uint8_t fill = 0x5a;                          ///< of DXEFV; PEIFV is zeros
    std::size_t volumes = 2;                           ///< compressed ones; the third is as DXEFV

    [[nodiscard]] kit::Bytes build() const;
    [[nodiscard]] kit::Bytes peiVolume() const;
    [[nodiscard]] kit::Bytes dxeVolume() const;
};

} // namespace teehost::vtpm_factory
