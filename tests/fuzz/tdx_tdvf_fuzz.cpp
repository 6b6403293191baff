// SPDX-License-Identifier: Apache-2.0
//
// A TDX image is refused, or all that it measures lies in it, and the ways to MRTD and the TD HOB agree on
// its sections. Input: the last bytes of the image, the rest of which is zeros.
#include <algorithm>

#include "tdx/measure/mrtd.h"
#include "tdx/measure/td_hob.h"
#include "tests/fuzz/refusal.h"

using namespace teehost;
using namespace teehost::tdx;

namespace {

constexpr std::size_t kImage = 0x10000;
constexpr std::uint64_t kMostHashed = 4u << 20; // more is only slow

void measures(const TdvfImage& image)
{
    const Mrtd single = computeMrtd(image, MrtdOrder::SinglePass),
               two = computeMrtd(image, MrtdOrder::TwoPass);
    fuzz::require(single.steps.size() == two.steps.size(), "both orders go through the same sections");
    // Of one page both orders are the same.
    const bool isTold = std::any_of(image.sections.begin(), image.sections.end(), [](const auto& one) {
        return !one.isAddedLater() && one.isExtended() && one.size > kPageSize;
    });
    fuzz::require((single.value != two.value) == isTold, "the order counts where there are several pages");
    if (!single.steps.empty())
        fuzz::require(single.steps.back().after == single.value, "the steps end with MRTD");
}

void describesMemory(const TdvfImage& image)
{
    for (const std::uint64_t memory : {std::uint64_t{1} << 30, std::uint64_t{8} << 30}) {
        const auto hob = fuzz::unlessInputError([&] { return tdHob(image.sections, memory); });
        if (!hob)
            continue;
        fuzz::require(hob->size() + 8 <= image.find(SectionType::TdHob)->size, "the HOB fits its section");
        std::uint64_t total = 0;
        for (std::size_t at = 56; at < hob->size(); at += 48) {
            kit::Reader in(*hob, "HOB");
            in.skip(at + 40);
            total += in.u64();
        }
        fuzz::require(total == memory, "the HOB tells of all memory, once");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size > kImage)
        return 0;
    kit::Bytes file(kImage, 0);
    std::copy(data, data + size, file.end() - static_cast<std::ptrdiff_t>(size));
    const auto image = fuzz::unlessInputError([&] { return TdvfImage::parse(file); });
    if (!image)
        return 0;
    for (const TdvfSection& section : image->sections) {
        const kit::ByteView raw = image->rawOf(section);
        fuzz::require(raw.data() >= file.data() && raw.data() + raw.size() <= file.data() + file.size(),
                      "a section's bytes lie in the image");
        fuzz::require(raw.size() <= section.size && section.address % kPageSize == 0, "a section is pages");
    }
    if (mrtdBytes(*image) <= kMostHashed)
        measures(*image);
    describesMemory(*image);
    static_cast<void>(notPortable(*image));
    return 0;
}
