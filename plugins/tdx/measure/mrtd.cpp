// SPDX-License-Identifier: Apache-2.0
#include "tdx/measure/mrtd.h"

#include <algorithm>
#include <array>

#include <teehost/kit/reader.h>

namespace teehost::tdx {
namespace {

constexpr std::size_t kRecord = 128, kChunk = 256, kChunks = kPageSize / kChunk;
constexpr std::size_t kRecordGpa = 16;

/// What the TDX module hashes for a request: its name, and the guest physical address that alone changes.
class Record {
public:
    explicit Record(std::string_view name) { std::copy(name.begin(), name.end(), bytes_.begin()); }

    [[nodiscard]] kit::ByteView at(std::uint64_t gpa) noexcept
    {
        for (std::size_t i = 0; i < sizeof gpa; ++i)
            bytes_[kRecordGpa + i] = static_cast<std::uint8_t>(gpa >> (8 * i));
        return bytes_;
    }

private:
    std::array<std::uint8_t, kRecord> bytes_{};
};

/// One running MRTD. Contents are fed to it from where they lie.
class Measurer {
public:
    void add(std::uint64_t gpa) { hasher_.update(add_.at(gpa)); }

    /// The contents of a page; bytes that `content` lacks are zeros.
    void extend(std::uint64_t gpa, kit::ByteView content)
    {
        for (std::size_t i = 0; i < kChunks; ++i) {
            hasher_.update(extend_.at(gpa + i * kChunk));
            const kit::ByteView chunk = content.first(std::min(content.size(), kChunk));
            hasher_.update(chunk);
            if (chunk.size() < kChunk)
                hasher_.update(kit::ByteView(kZeros).first(kChunk - chunk.size()));
            content = content.subspan(chunk.size());
        }
    }

    [[nodiscard]] kit::Sha384Digest soFar() const { return hasher_.soFar(); }

private:
    static constexpr std::array<std::uint8_t, kChunk> kZeros{};
    kit::Sha384 hasher_;
    Record add_{"MEM.PAGE.ADD"}, extend_{"MR.EXTEND"};
};

/// What is measured of a section at an offset.
kit::ByteView pageOf(kit::ByteView raw, std::uint64_t offset) noexcept
{
    if (offset >= raw.size())
        return {};
    const kit::ByteView rest = raw.subspan(static_cast<std::size_t>(offset));
    return rest.first(std::min(rest.size(), kPageSize));
}

void measure(const TdvfSection& section, kit::ByteView raw, MrtdOrder order, Measurer& out)
{
    const bool together = order == MrtdOrder::SinglePass;
    for (std::uint64_t offset = 0; offset < section.size; offset += kPageSize) {
        out.add(section.address + offset);
        if (together && section.isExtended())
            out.extend(section.address + offset, pageOf(raw, offset));
    }
    if (together || !section.isExtended())
        return;
    for (std::uint64_t offset = 0; offset < section.size; offset += kPageSize)
        out.extend(section.address + offset, pageOf(raw, offset));
}

} // namespace

std::string_view nameOf(MrtdOrder order) noexcept
{
    return order == MrtdOrder::SinglePass ? "single-pass" : "two-pass";
}

Mrtd computeMrtd(const TdvfImage& image, MrtdOrder order)
{
    Mrtd out;
    Measurer measurer;
    for (const TdvfSection& section : image.sections) {
        if (section.isAddedLater())
            continue;
        measure(section, image.rawOf(section), order, measurer);
        out.steps.push_back({section, measurer.soFar()});
    }
    out.value = measurer.soFar();
    return out;
}

std::uint64_t mrtdBytes(const TdvfImage& image) noexcept
{
    std::uint64_t bytes = 0;
    for (const TdvfSection& section : image.sections)
        if (!section.isAddedLater())
            bytes += section.size / kPageSize *
                     (kRecord + (section.isExtended() ? kChunks * (kRecord + kChunk) : 0));
    return bytes;
}

std::optional<std::string> notPortable(const TdvfImage& image)
{
    for (const TdvfSection& section : image.sections) {
        if (!section.isExtended() || section.isAddedLater())
            continue;
        if (section.type == SectionType::TdHob)
            return "the TD HOB is measured with what the VMM writes there; zeros are measured here";
        // Where the image has nothing at all, zeros are what everybody adds.
        if (section.rawSize != 0 && section.rawSize < section.size)
            return "of the " + std::string(nameOf(section.type)) + " at " + kit::hexNumber(section.address) +
                   " " + kit::hexNumber(section.size - section.rawSize) +
                   " bytes are not in the image; zeros are measured here, while QEMU takes the bytes that "
                   "follow in the file";
    }
    return std::nullopt;
}

} // namespace teehost::tdx
