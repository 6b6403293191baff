// SPDX-License-Identifier: Apache-2.0
//
// A firmware image is refused, or it has a digest that every byte of it and every vCPU changes. Input: the
// last bytes of the image, the rest of which is zeros.
#include <algorithm>

#include "launch/ovmf_digest.h"
#include "tests/fuzz/refusal.h"

using namespace teehost;
using namespace teehost::sev_snp;

namespace {

constexpr std::size_t kMostPages = 2000; // more is only slow

std::size_t pagesOf(const OvmfImage& image)
{
    std::size_t pages = 0;
    for (const MetadataSection& section : image.sections) {
        fuzz::require(section.size % kPageSize == 0 && section.gpa % kPageSize == 0, "sections are pages");
        pages += section.size / kPageSize;
    }
    return pages;
}

void measures(const OvmfImage& image, const OvmfLaunch& launch)
{
    const auto result = fuzz::unlessInputError([&] { return measureOvmf(image, launch); });
    if (!result)
        return;
    std::uint64_t pages = 0;
    for (const LaunchEvent& event : result->provenance)
        pages += event.pages;
    fuzz::require(pages == image.bytes.size() / kPageSize + pagesOf(image) + launch.vcpus,
                  "every page is accounted for");
    fuzz::require(result->provenance.back().after == result->digest, "the provenance ends with the digest");
    OvmfLaunch more = launch;
    ++more.vcpus;
    if (const auto other = fuzz::unlessInputError([&] { return measureOvmf(image, more); }))
        fuzz::require(other->digest != result->digest, "a vCPU more is another digest");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    kit::Bytes image((size + kPageSize) / kPageSize * kPageSize);
    std::copy(data, data + size, image.end() - static_cast<std::ptrdiff_t>(size));
    const auto parsed = fuzz::unlessInputError([&] { return OvmfImage::parse(image); });
    if (!parsed || pagesOf(*parsed) > kMostPages)
        return 0;
    for (const auto profile : {VmsaProfile::Qemu, VmsaProfile::Ec2, VmsaProfile::Gce})
        measures(*parsed, {.profile = profile, .vcpus = 1});
    measures(*parsed, {.vcpus = 2, .hashes = KernelHashes{}});
    return 0;
}
