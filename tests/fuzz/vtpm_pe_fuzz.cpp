// SPDX-License-Identifier: Apache-2.0
//
// A PE image is refused, or has parts inside of it that are no longer than itself; and a kernel is refused,
// or its header filled in, which a second time changes nothing.
#include <teehost/kit/kernel_header.h>
#include <teehost/kit/pe_authenticode.h>

#include "tests/fuzz/refusal.h"

using namespace teehost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const kit::ByteView image(data, size);
    if (const auto parts = fuzz::unlessInputError([&] { return kit::authenticodeParts(image); })) {
        std::size_t total = 0;
        for (const kit::ByteView part : *parts) {
            fuzz::require(part.empty() || (part.data() >= data && part.data() + part.size() <= data + size),
                          "parts lie within the image");
            total += part.size();
        }
        fuzz::require(total <= size, "no byte counts twice");
    }
    const auto patched = fuzz::unlessInputError([&] {
        kit::Bytes kernel(data, data + size);
        kit::patchKernelHeader(kernel, 1u << 30, 4096);
        return kernel;
    });
    if (patched) {
        kit::Bytes again = *patched;
        kit::patchKernelHeader(again, 1u << 30, 4096);
        fuzz::require(again == *patched, "a header is filled in once");
    }
    return 0;
}
