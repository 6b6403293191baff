// SPDX-License-Identifier: Apache-2.0
#include "launch/vmsa.h"

#include <concepts>

namespace teehost::sev_snp {
namespace {

struct Segment {
    std::uint16_t selector, attributes;
    std::uint32_t limit;
    std::uint64_t base;
};

class Writer {
public:
    explicit Writer(Page& page) noexcept : page_(page) {}

    template <std::unsigned_integral T>
    void put(std::size_t offset, T number) noexcept
    {
        for (std::size_t i = 0; i < sizeof number; ++i)
            page_[offset + i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
    void put(std::size_t offset, const Segment& segment) noexcept
    {
        put(offset, segment.selector);
        put(offset + 2, segment.attributes);
        put(offset + 4, segment.limit);
        put(offset + 8, segment.base);
    }

private:
    Page& page_;
};

/// What differs from one hypervisor to the other.
struct Traits {
    std::uint16_t bspCode, stack, task;
    std::uint64_t pat;
    bool signature; ///< RDX is the CPU's; else 0x600, what the architecture says of a processor of family 6
    std::uint32_t mxcsr;
    std::uint16_t fcw;
};

constexpr std::uint64_t kPatReset = 0x0007040600070406; // APM volume 2, section 7.8.2

Traits traitsOf(VmsaProfile profile) noexcept
{
    switch (profile) {
    case VmsaProfile::QemuLegacy:
        return {0x9b, 0x93, 0x8b, kPatReset, true, 0, 0};
    case VmsaProfile::Ec2:
        return {0x9a, 0x92, 0x83, kPatReset, false, 0, 0};
    case VmsaProfile::Gce:
        return {0x9b, 0x93, 0x8b, 0x00070106, false, 0, 0};
    case VmsaProfile::Qemu:
        break;
    }
    return {0x9b, 0x93, 0x8b, kPatReset, true, 0x1f80, 0x37f};
}

constexpr std::uint32_t kLimit = 0xffff;

void putSegments(Writer out, const Traits& traits, std::uint32_t eip) noexcept
{
    constexpr std::uint16_t kData = 0x93, kAccessedCode = 0x9b, kLdt = 0x82;
    const std::uint16_t code = eip == kBspResetEip ? traits.bspCode : kAccessedCode;
    out.put(0x000, Segment{0, kData, kLimit, 0});                    // ES
    out.put(0x010, Segment{0xf000, code, kLimit, eip & 0xffff0000}); // CS
    out.put(0x020, Segment{0, traits.stack, kLimit, 0});             // SS
    for (const std::size_t data : {0x030u, 0x040u, 0x050u})          // DS, FS, GS
        out.put(data, Segment{0, kData, kLimit, 0});
    out.put(0x060, Segment{0, 0, kLimit, 0});           // GDTR
    out.put(0x070, Segment{0, kLdt, kLimit, 0});        // LDTR
    out.put(0x080, Segment{0, 0, kLimit, 0});           // IDTR
    out.put(0x090, Segment{0, traits.task, kLimit, 0}); // TR
}

} // namespace

Page vmsaPage(const VmsaInput& input) noexcept
{
    const Traits traits = traitsOf(input.profile);
    Page page{};
    Writer out(page);
    putSegments(out, traits, input.resetEip);
    out.put(0x0d0, std::uint64_t{0x1000});     // EFER: SVME
    out.put(0x148, std::uint64_t{0x40});       // CR4: MCE
    out.put(kVmsaCr0, std::uint64_t{0x10});    // CR0: ET
    out.put(0x160, std::uint64_t{0x400});      // DR7
    out.put(0x168, std::uint64_t{0xffff0ff0}); // DR6
    out.put(0x170, std::uint64_t{2});          // RFLAGS
    out.put(0x178, std::uint64_t{input.resetEip & 0xffff});
    out.put(0x268, traits.pat);
    out.put(0x310, std::uint64_t{traits.signature ? input.cpuSignature : 0x600}); // RDX
    out.put(kVmsaSevFeatures, input.sevFeatures);
    out.put(0x3e8, std::uint64_t{1}); // XCR0: x87
    out.put(0x408, traits.mxcsr);
    out.put(0x410, traits.fcw);
    return page;
}

} // namespace teehost::sev_snp
