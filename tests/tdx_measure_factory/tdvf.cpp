// SPDX-License-Identifier: Apache-2.0
#include "tdx_measure_factory/tdvf.h"

#include <algorithm>

#include "boot_factory/writer.h"

namespace teehost::tdx_factory {
namespace {

using boot_factory::Writer;

kit::Bytes descriptor(const TdvfBuilder& from)
{
    const std::size_t sections = from.sections.size();
    Writer out;
    out.add(kit::viewOf(from.signature)).number(from.length.value_or(16 + 32 * sections), 4);
    out.number(from.version, 4).number(from.count.value_or(sections), 4);
    for (const Section& one : from.sections) {
        out.number(one.dataOffset, 4).number(one.rawSize, 4).number(one.address, 8).number(one.size, 8);
        out.number(one.type, 4).number(one.attributes, 4);
    }
    return out.take();
}

/// What ends 32 bytes before the image's end: an entry of somebody else's, that for TDX, and the footer.
kit::Bytes table(const TdvfBuilder& from)
{
    constexpr kit::Guid kOther = kit::uefiGuid("4c2eb361-7d9b-4cc3-8081-127c90d3d294");
    constexpr kit::Guid kTdx = kit::uefiGuid("e47a6535-984a-4798-865e-4685a7bf8ec2");
    constexpr kit::Guid kFooter = kit::uefiGuid("96b582de-1fb2-45f7-baea-a366c55a082d");
    Writer out;
    out.number(0, 8).number(26, 2).add(kOther);
    if (from.hasEntry) {
        out.number(from.fromEnd.value_or(TdvfBuilder::kSize - TdvfBuilder::metadataOffset()), 4);
        out.number(from.entrySize, 2).add(kTdx);
    }
    out.number(out.size() + 18, 2).add(from.hasFooter ? kFooter : kOther);
    return out.take();
}

void put(const kit::Bytes& from, std::size_t at, kit::Bytes& out)
{
    std::copy(from.begin(), from.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
}

} // namespace

kit::Bytes TdvfBuilder::build() const
{
    kit::Bytes out(kSize, fill);
    boot_factory::VariableStoreBuilder variables = store;
    variables.size = kStoreBytes;
    put(variables.build(), 0, out);
    put(descriptor(*this), metadataOffset(), out);
    const kit::Bytes entries = table(*this);
    put(entries, kSize - 0x20 - entries.size(), out);
    return out;
}

} // namespace teehost::tdx_factory
