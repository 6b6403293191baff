// SPDX-License-Identifier: Apache-2.0
//
// A firmware image is refused, or has two volumes.
#include "predict/firmware_volume.h"
#include "predict/lzma_section.h"
#include "tests/fuzz/refusal.h"

using namespace teehost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto volumes = fuzz::unlessInputError([&] { return vtpm::FirmwareVolumes::unpack({data, size}); });
    if (!volumes)
        return 0;
    for (const kit::ByteView volume : {volumes->pei(), volumes->dxe()})
        fuzz::require(volume.size() >= 50 && volume.size() <= vtpm::kMostUnpacked, "volumes have a header");
    return 0;
}
