// SPDX-License-Identifier: Apache-2.0
//
// The two firmware volumes that an OVMF image carries compressed: PEIFV and DXEFV, which its PEI phase
// measures into PCR 0 (edk2, SecurityPkg/Tcg/Tcg2Pei). Layouts: UEFI Platform Initialization specification,
// volume 3.
#pragma once

#include <cstddef>

#include <teehost/kit/bytes.h>

namespace teehost::vtpm {

inline constexpr std::size_t kMaxFirmwareBytes = 64u << 20;

class FirmwareVolumes {
public:
    /// Finds the compressed section of the image's first volume and the volumes in it. InputError
    /// bad_firmware_volume, bad_firmware_lzma.
    [[nodiscard]] static FirmwareVolumes unpack(kit::ByteView code);

    /// As they are unpacked, with their headers.
    [[nodiscard]] kit::ByteView pei() const noexcept { return part(pei_); }
    [[nodiscard]] kit::ByteView dxe() const noexcept { return part(dxe_); }

private:
    struct Extent {
        std::size_t offset = 0, size = 0;
    };
    [[nodiscard]] kit::ByteView part(Extent extent) const noexcept
    {
        return kit::ByteView(unpacked_).subspan(extent.offset, extent.size);
    }

    kit::Bytes unpacked_;
    Extent pei_, dxe_;
};

} // namespace teehost::vtpm
