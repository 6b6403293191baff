// SPDX-License-Identifier: Apache-2.0
//
// TDX metadata are read as they were made, and refused with the offset of what is wrong.
#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/reader.h>

#include "refusal.h"
#include "tdx/measure/tdvf_image.h"
#include "tdx_measure_factory/tdvf.h"

namespace teehost::tdx::test {
namespace {

using tdx_factory::Section;
using tdx_factory::TdvfBuilder;
using teehost::test::expectRefusal;

class TdvfImageTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TdvfImageTest);
    CPPUNIT_TEST(readsSections);
    CPPUNIT_TEST(refusesWhatIsNoTdvf);
    CPPUNIT_TEST(refusesImpossibleSections);
    CPPUNIT_TEST(refusesATableThatIsWrong);
    CPPUNIT_TEST(refusesEveryCut);
    CPPUNIT_TEST(knowsWhatQemuTakes);
    CPPUNIT_TEST_SUITE_END();

    static TdvfBuilder with(const Section& section)
    {
        TdvfBuilder builder;
        builder.sections.push_back(section);
        return builder;
    }

    void readsSections()
    {
        const kit::Bytes file = TdvfBuilder().build();
        const TdvfImage image = TdvfImage::parse(file);
        CPPUNIT_ASSERT_EQUAL(TdvfBuilder::metadataOffset(), image.metadataOffset);
        CPPUNIT_ASSERT_EQUAL(std::size_t{6}, image.sections.size());
        const TdvfSection& code = image.sections.front();
        CPPUNIT_ASSERT(code.type == SectionType::Bfv && code.isExtended() && !code.isAddedLater());
        CPPUNIT_ASSERT_EQUAL(TdvfBuilder::kBase + 0x4000, code.address);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0xC000}, image.rawOf(code).size());
        CPPUNIT_ASSERT(image.rawOf(code).data() == file.data() + 0x4000);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x809000}, image.find(SectionType::TdHob)->address);
        CPPUNIT_ASSERT(image.find(SectionType::Payload) == nullptr);
        CPPUNIT_ASSERT_EQUAL(std::string_view("TempMem"), nameOf(SectionType::TempMem));
    }

    void refusesWhatIsNoTdvf()
    {
        struct Row {
            const char* reason;
            TdvfBuilder image;
            const char* says;
        };
        // The footer's GUID, the data of the entry for TDX, and the descriptor are where these offsets say.
        const Row rows[] = {
            {"TDVF_NO_FOOTER", {.hasFooter = false}, "(at offset 0xffd0)"},
            {"TDVF_NO_METADATA", {.hasEntry = false}, "not built for TDX"},
            {"TDVF_SIGNATURE", {.signature = "TDVX"}, "(at offset 0xfe00)"},
            {"TDVF_VERSION", {.version = 2}, "version 2 (at offset 0xfe00)"},
            {"TDVF_LENGTH", {.count = 5}, "5 sections in 208 bytes (at offset 0xfe00)"},
            {"TDVF_LENGTH", {.count = 0x0800'0006}, "(at offset 0xfe00)"}, // 16 + 32 n wraps to 208
            {"TDVF_LENGTH", {.length = 207}, "6 sections in 207 bytes"},
            {"TDVF_LENGTH", {.sections = {{0, 0, 0, 0x1000, 2, 0}}}, "1 sections in 48 bytes"},
            {"TDVF_RANGE", {.count = 0x100, .length = 0x2010}, "end beyond the image (at offset 0xfe00)"},
            {"TDVF_RANGE", {.fromEnd = 0x10001}, "0x10001 bytes before its end (at offset 0xffb8)"},
            {"TDVF_RANGE", {.fromEnd = 15}, "0xf bytes before its end"},
        };
        for (const Row& row : rows) {
            const std::string message =
                expectRefusal(row.reason, [&] { static_cast<void>(TdvfImage::parse(row.image.build())); });
            CPPUNIT_ASSERT_MESSAGE(message, message.find(row.says) != std::string::npos);
        }
    }

    void refusesImpossibleSections()
    {
        struct Row {
            const char* reason;
            Section section;
        };
        const Row rows[] = {
            {"TDVF_SECTION", {0, 0, 0x1800, 0x1000, 3, 0}},                // address within a page
            {"TDVF_SECTION", {0, 0, 0x1000, 0x800, 3, 0}},                 // half a page
            {"TDVF_SECTION", {0, 0x2000, 0x1000, 0x1000, 0, 1}},           // more in the file than in memory
            {"TDVF_SECTION", {0, 0, 0x1000, 0x1000, 0, 1}},                // code without bytes
            {"TDVF_SECTION", {0, 0, 0x1000, 0x1000, 1, 0}},                // variables without bytes
            {"TDVF_SECTION", {0, 0x10, 0x1000, 0x1000, 3, 0}},             // blank memory with bytes
            {"TDVF_SECTION", {0, 0, 0x1000, 0x1000, 2, 0}},                // a second TD HOB
            {"TDVF_SECTION", {0, 0, 0x1000, 0x1000, 9, 0}},                // a type of the future
            {"TDVF_SECTION", {0, 0, 0xFFFF'FFFF'FFFF'F000, 0x2000, 3, 0}}, // beyond any address
            {"TDVF_SECTION", {0, 0, 0x1000, 0x4000'0000, 3, 0}},           // hours of work
            {"TDVF_RANGE", {0xFFFF'F000, 0x2000, 0x1000, 0x2000, 0, 1}},   // wraps
            {"TDVF_RANGE", {0xF001, 0x1000, 0x1000, 0x1000, 0, 1}},        // by one byte
        };
        for (const Row& row : rows)
            expectRefusal(row.reason,
                          [&] { static_cast<void>(TdvfImage::parse(with(row.section).build())); });
        TdvfBuilder none;
        none.sections.erase(none.sections.begin() + 4);
        expectRefusal("TDVF_SECTION", [&] { static_cast<void>(TdvfImage::parse(none.build())); });
        // The offset is that of the seventh entry.
        const std::string message = expectRefusal(
            "TDVF_SECTION", [&] { static_cast<void>(TdvfImage::parse(with(rows[0].section).build())); });
        CPPUNIT_ASSERT_MESSAGE(message, message.ends_with("(at offset 0xfed0)"));
    }

    void refusesATableThatIsWrong()
    {
        for (const unsigned size : {0u, 17u, 21u, 23u, 49u, 0xFFFFu}) {
            const TdvfBuilder builder{.entrySize = static_cast<std::uint16_t>(size)};
            expectRefusal("TDVF_GUID_TABLE", [&] { static_cast<void>(TdvfImage::parse(builder.build())); });
        }
        kit::Bytes image = TdvfBuilder().build();
        for (const std::uint8_t size : {std::uint8_t{0}, std::uint8_t{17}}) { // of the whole table
            image[0x10000 - 0x32] = size;
            expectRefusal("TDVF_GUID_TABLE", [&] { static_cast<void>(TdvfImage::parse(image)); });
        }
    }

    void refusesEveryCut()
    {
        const kit::Bytes image = TdvfBuilder().build();
        for (const std::size_t size : {0u, 1u, 49u, 50u, 0x1000u, 0xFFFFu})
            expectRefusal("TDVF_NO_FOOTER",
                          [&] { static_cast<void>(TdvfImage::parse(kit::ByteView(image).first(size))); });
        // The end of an image, as long as it may be without its beginning.
        expectRefusal("TDVF_RANGE",
                      [&] { static_cast<void>(TdvfImage::parse(kit::ByteView(image).subspan(0x1000))); });
    }

    void knowsWhatQemuTakes()
    {
        kit::Bytes file = TdvfBuilder().build();
        CPPUNIT_ASSERT(!TdvfImage::parse(file).qemuRefuses);
        file = with({0, 0, 0x1000, 0x1000, 4, 2}).build();
        CPPUNIT_ASSERT_EQUAL(std::string("QEMU takes no section of the type PermMem"),
                             TdvfImage::parse(file).qemuRefuses.value());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TdvfImageTest);

} // namespace
} // namespace teehost::tdx::test
