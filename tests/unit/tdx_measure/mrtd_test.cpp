// SPDX-License-Identifier: Apache-2.0
//
// MRTD against a second implementation that writes down everything that is hashed.
#include <algorithm>

#include <cppunit/extensions/HelperMacros.h>

#include "tdx/measure/mrtd.h"
#include "tdx_measure_factory/tdvf.h"

namespace teehost::tdx::test {
namespace {

using tdx_factory::Section;
using tdx_factory::TdvfBuilder;

void appendRecord(kit::Bytes& out, std::string_view name, std::uint64_t gpa)
{
    kit::Bytes record(128, 0);
    std::copy(name.begin(), name.end(), record.begin());
    for (unsigned i = 0; i < 8; ++i)
        record[16 + i] = static_cast<std::uint8_t>(gpa >> (8 * i));
    out.insert(out.end(), record.begin(), record.end());
}

/// Everything that is hashed, in one piece.
kit::Bytes streamOf(const kit::Bytes& file, const std::vector<Section>& sections, bool together)
{
    kit::Bytes out;
    const auto add = [&](std::uint64_t page) { appendRecord(out, "MEM.PAGE.ADD", page); };
    const auto extend = [&](const Section& section, const kit::Bytes& memory, std::uint64_t page) {
        for (std::uint64_t chunk = page; chunk < page + 4096; chunk += 256) {
            appendRecord(out, "MR.EXTEND", chunk);
            const auto at = memory.begin() + static_cast<std::ptrdiff_t>(chunk - section.address);
            out.insert(out.end(), at, at + 256);
        }
    };
    for (const Section& section : sections) {
        if ((section.attributes & 2) != 0)
            continue;
        kit::Bytes memory(section.size, 0);
        std::copy_n(file.begin() + section.dataOffset, section.rawSize, memory.begin());
        const bool measured = (section.attributes & 1) != 0;
        for (std::uint64_t page = section.address; page < section.address + section.size; page += 4096) {
            add(page);
            if (measured && together)
                extend(section, memory, page);
        }
        for (std::uint64_t page = section.address; page < section.address + section.size; page += 4096)
            if (measured && !together)
                extend(section, memory, page);
    }
    return out;
}

class MrtdTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MrtdTest);
    CPPUNIT_TEST(hashesWhatTheModuleHashes);
    CPPUNIT_TEST(keepsTheOrderOfTheTable);
    CPPUNIT_TEST(leavesOutPagesThatAreAddedLater);
    CPPUNIT_TEST(fillsUpWithZeros);
    CPPUNIT_TEST(tellsWhatWentIn);
    CPPUNIT_TEST(saysWhereVmmsDiffer);
    CPPUNIT_TEST_SUITE_END();

    static std::string mrtd(const TdvfBuilder& builder, MrtdOrder order)
    {
        const kit::Bytes file = builder.build();
        return kit::toHex(computeMrtd(TdvfImage::parse(file), order).value);
    }
    /// Both orders are as the second implementation has them.
    static void check(const TdvfBuilder& builder)
    {
        const kit::Bytes file = builder.build();
        const kit::Bytes single = streamOf(file, builder.sections, true),
                         two = streamOf(file, builder.sections, false);
        CPPUNIT_ASSERT_EQUAL(kit::toHex(kit::sha384(single)), mrtd(builder, MrtdOrder::SinglePass));
        CPPUNIT_ASSERT_EQUAL(kit::toHex(kit::sha384(two)), mrtd(builder, MrtdOrder::TwoPass));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{single.size()}, mrtdBytes(TdvfImage::parse(file)));
    }

    void hashesWhatTheModuleHashes()
    {
        check({});
        CPPUNIT_ASSERT(mrtd({}, MrtdOrder::SinglePass) != mrtd({}, MrtdOrder::TwoPass));
        CPPUNIT_ASSERT(mrtd({}, MrtdOrder::SinglePass) != mrtd({.fill = 1}, MrtdOrder::SinglePass));
    }

    void keepsTheOrderOfTheTable()
    {
        TdvfBuilder turned;
        std::reverse(turned.sections.begin(), turned.sections.end());
        check(turned);
        CPPUNIT_ASSERT(mrtd({}, MrtdOrder::SinglePass) != mrtd(turned, MrtdOrder::SinglePass));
    }

    void leavesOutPagesThatAreAddedLater()
    {
        TdvfBuilder more;
        more.sections.push_back({0, 0, 0x100'0000, std::uint64_t{1} << 40, 4, 2});
        check(more);
        more.sections.back().attributes = 3;
        check(more);
    }

    void fillsUpWithZeros()
    {
        for (const std::uint32_t raw : {1u, 255u, 256u, 257u, 4095u, 4096u, 4097u, 0x2FFFu}) {
            TdvfBuilder builder;
            builder.sections.front() = {0x4000, raw, 0xFFFF'0000, 0x3000, 0, 1};
            check(builder);
        }
    }

    void tellsWhatWentIn()
    {
        const kit::Bytes file = TdvfBuilder().build();
        const Mrtd mrtd = computeMrtd(TdvfImage::parse(file), MrtdOrder::SinglePass);
        CPPUNIT_ASSERT_EQUAL(std::size_t{6}, mrtd.steps.size());
        CPPUNIT_ASSERT(mrtd.steps.back().after == mrtd.value);
        const kit::Bytes first = streamOf(file, {TdvfBuilder().sections.front()}, true);
        CPPUNIT_ASSERT(mrtd.steps.front().after == kit::sha384(first));
    }

    void saysWhereVmmsDiffer()
    {
        const auto differs = [](const Section& section) {
            TdvfBuilder builder;
            builder.sections.front() = section;
            const kit::Bytes file = builder.build();
            return notPortable(TdvfImage::parse(file)).has_value();
        };
        CPPUNIT_ASSERT(!differs({0x4000, 0x1000, 0xFFFF'0000, 0x1000, 0, 1}));
        CPPUNIT_ASSERT(differs({0x4000, 0xFFF, 0xFFFF'0000, 0x1000, 0, 1}));
        CPPUNIT_ASSERT(!differs({0x4000, 0xFFF, 0xFFFF'0000, 0x1000, 0, 0})); // not measured
        CPPUNIT_ASSERT(!differs({0, 0, 0x1000, 0x1000, 3, 1}));               // zeros for everybody
        TdvfBuilder hob;
        hob.sections[4].attributes = 1;
        const kit::Bytes file = hob.build();
        CPPUNIT_ASSERT(notPortable(TdvfImage::parse(file)).has_value());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(MrtdTest);

} // namespace
} // namespace teehost::tdx::test
