// SPDX-License-Identifier: Apache-2.0
//
// The TD HOB, field by field.
#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/reader.h>

#include "refusal.h"
#include "tdx/measure/td_hob.h"

namespace teehost::tdx::test {
namespace {

using teehost::test::expectRefusal;

struct Resource {
    std::uint32_t type;
    std::uint64_t start, size;
    bool operator==(const Resource&) const = default;
};

TdvfSection section(SectionType type, std::uint64_t address, std::uint64_t size)
{
    return {.address = address, .size = size, .type = type};
}

std::vector<TdvfSection> usual()
{
    return {section(SectionType::Bfv, 0xFFFF'0000, 0x10000),
            section(SectionType::TempMem, 0x81'0000, 0x10000),
            section(SectionType::TempMem, 0x80'B000, 0x2000), section(SectionType::TdHob, 0x80'9000, 0x2000)};
}

std::vector<Resource> resourcesOf(kit::ByteView hob)
{
    kit::Reader in(hob, "HOB");
    in.skip(56);
    std::vector<Resource> out;
    while (!in.done()) {
        CPPUNIT_ASSERT_EQUAL(3, int{in.u16()});
        CPPUNIT_ASSERT_EQUAL(48, int{in.u16()});
        CPPUNIT_ASSERT(kit::isZero(in.bytes(4 + 16)));
        Resource one{};
        one.type = in.u32();
        CPPUNIT_ASSERT_EQUAL(7u, in.u32());
        one.start = in.u64();
        one.size = in.u64();
        out.push_back(one);
    }
    return out;
}

class TdHobTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TdHobTest);
    CPPUNIT_TEST(beginsWithTheHandoff);
    CPPUNIT_TEST(cutsMemoryAtTheFirmwaresSections);
    CPPUNIT_TEST(splitsMemoryAsQ35Does);
    CPPUNIT_TEST(refusesSectionsThatAreNowhere);
    CPPUNIT_TEST_SUITE_END();

    void beginsWithTheHandoff()
    {
        const kit::Bytes hob = tdHob(usual(), 1u << 30);
        kit::Reader in(hob, "HOB");
        CPPUNIT_ASSERT_EQUAL(1, int{in.u16()});
        CPPUNIT_ASSERT_EQUAL(56, int{in.u16()});
        CPPUNIT_ASSERT_EQUAL(0u, in.u32());
        CPPUNIT_ASSERT_EQUAL(9u, in.u32());
        CPPUNIT_ASSERT(kit::isZero(in.bytes(4 + 32)));
        CPPUNIT_ASSERT_EQUAL(0x80'9000 + hob.size() + 8, std::size_t{in.u64()}); // with the end marker
    }

    void cutsMemoryAtTheFirmwaresSections()
    {
        // The two that touch are not merged.
        const std::vector<Resource> expected{
            {7, 0, 0x80'9000},      {0, 0x80'9000, 0x2000},  {0, 0x80'B000, 0x2000},
            {7, 0x80'D000, 0x3000}, {0, 0x81'0000, 0x10000}, {7, 0x82'0000, 0x4000'0000 - 0x82'0000}};
        CPPUNIT_ASSERT(expected == resourcesOf(tdHob(usual(), 1u << 30)));
        // From the first byte to the last.
        const std::vector<Resource> whole{{0, 0, 0x2000}};
        CPPUNIT_ASSERT(whole ==
                       resourcesOf(tdHob(std::vector{section(SectionType::TdHob, 0, 0x2000)}, 0x2000)));
    }

    void splitsMemoryAsQ35Does()
    {
        struct Row {
            std::uint64_t memory, low;
        };
        for (const Row& row : {Row{0xAFFF'F000, 0xAFFF'F000}, Row{0xB000'0000, 0x8000'0000},
                               Row{std::uint64_t{64} << 30, 0x8000'0000}}) {
            const auto resources = resourcesOf(tdHob(usual(), row.memory));
            const bool split = row.low != row.memory;
            CPPUNIT_ASSERT_EQUAL(split ? std::size_t{7} : std::size_t{6}, resources.size());
            CPPUNIT_ASSERT_EQUAL(row.low, resources[5].start + resources[5].size);
            if (split)
                CPPUNIT_ASSERT((resources[6] == Resource{7, std::uint64_t{1} << 32, row.memory - row.low}));
        }
    }

    void refusesSectionsThatAreNowhere()
    {
        const auto refuses = [](const TdvfSection& more, std::uint64_t memory = 1u << 30) {
            auto sections = usual();
            sections.push_back(more);
            expectRefusal("bad_td_hob", [&] { static_cast<void>(tdHob(sections, memory)); });
        };
        refuses(section(SectionType::TempMem, 0x4000'0000, 0x1000));              // behind memory
        refuses(section(SectionType::TempMem, 0x3FFF'F000, 0x2000));              // partly
        refuses(section(SectionType::TempMem, 0x80'A000, 0x2000));                // overlaps
        refuses(section(SectionType::TempMem, 0x1000, 0));                        // nothing
        refuses(section(SectionType::TempMem, 0xC000'0000, 0x1000), 16ull << 30); // in the gap
        refuses(section(SectionType::TempMem, 0xFFFF'FFFF'FFFF'F000, 0x1000));
        refuses(section(SectionType::Bfv, 0, 0x1000), 0);
        refuses(section(SectionType::Bfv, 0, 0x1000), UINT64_MAX);
        const auto small = std::vector{section(SectionType::TdHob, 0x1000, 0x40)};
        expectRefusal("bad_td_hob", [&] { static_cast<void>(tdHob(small, 1u << 30)); });
        expectRefusal("bad_td_hob", [&] { static_cast<void>(tdHob({}, 1u << 30)); });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TdHobTest);

} // namespace
} // namespace teehost::tdx::test
