// SPDX-License-Identifier: Apache-2.0
//
// Firmware images are read as they were made, and refused when they are damaged.
#include <cppunit/extensions/HelperMacros.h>

#include "predict/firmware_volume.h"
#include "predict/platform_info.h"
#include "refusal.h"
#include "vtpm_predict_factory/boot_files.h"

namespace teehost::vtpm::test {
namespace {

using namespace vtpm_factory;
using teehost::test::expectRefusal;

class BootFilesTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(BootFilesTest);
    CPPUNIT_TEST(unpacksTheTwoVolumes);
    CPPUNIT_TEST(refusesOtherNumbersOfVolumes);
    CPPUNIT_TEST(refusesATruncatedImage);
    CPPUNIT_TEST(refusesADamagedStream);
    CPPUNIT_TEST(refusesAnAbsurdSizeWithoutAllocatingIt);
    CPPUNIT_TEST(fillsInTheMemoryTypesOfAnEarlierBoot);
    CPPUNIT_TEST(fillsInThePortOfTheTimer);
    CPPUNIT_TEST_SUITE_END();

    void unpacksTheTwoVolumes()
    {
        const FirmwareBuilder builder;
        const auto volumes = FirmwareVolumes::unpack(builder.build());
        CPPUNIT_ASSERT(kit::equal(volumes.pei(), builder.peiVolume()));
        CPPUNIT_ASSERT(kit::equal(volumes.dxe(), builder.dxeVolume()));
    }

    void refusesOtherNumbersOfVolumes()
    {
        for (const std::size_t count : {std::size_t{1}, std::size_t{3}})
            expectRefusal("bad_firmware_volume", [&] {
                static_cast<void>(FirmwareVolumes::unpack(FirmwareBuilder{.volumes = count}.build()));
            });
    }

    void refusesATruncatedImage()
    {
        const kit::Bytes image = FirmwareBuilder().build();
        for (std::size_t size = 0; size < 0x100; ++size)
            expectRefusal("bad_firmware_volume", [&] {
                static_cast<void>(FirmwareVolumes::unpack(kit::ByteView(image).first(size)));
            });
    }

    void refusesADamagedStream()
    {
        kit::Bytes image = FirmwareBuilder().build();
        image[kStream + 20] ^= 0x55;
        expectRefusal("bad_firmware_lzma", [&] { static_cast<void>(FirmwareVolumes::unpack(image)); });
    }

    void refusesAnAbsurdSizeWithoutAllocatingIt()
    {
        for (const std::size_t byte : {8u, 12u}) { // of the size: 2^24 and 2^56 times what fits
            kit::Bytes image = FirmwareBuilder().build();
            image[kStream + byte] = 0x7F;
            expectRefusal("bad_firmware_lzma", [&] { static_cast<void>(FirmwareVolumes::unpack(image)); });
        }
    }

    void fillsInTheMemoryTypesOfAnEarlierBoot()
    {
        const PeiWrites writes{.memoryTypes = 8};
        kit::Bytes volume(64, 0);
        kit::Bytes variable(48, 0);
        variable[4] = 9; // pages of the first type
        CPPUNIT_ASSERT(!writeMemoryTypes(volume, writes, variable));
        CPPUNIT_ASSERT_EQUAL(9, int{volume[12]});
        variable[0] = 1; // another type
        CPPUNIT_ASSERT(writeMemoryTypes(volume, writes, variable));
        CPPUNIT_ASSERT(writeMemoryTypes(volume, writes, kit::Bytes(40, 0)));
    }

    void fillsInThePortOfTheTimer()
    {
        const FirmwareBuild build{.name = "made up", .sha256 = "", .pei = PeiWrites{.acpiTimer = 6}};
        const auto written = [&](Board board) {
            kit::Bytes volume(8, 0);
            writeMachine(volume, build, {.board = board});
            return kit::toHex(volume);
        };
        CPPUNIT_ASSERT_EQUAL(std::string("0000000000000806"), written(Board::Q35));
        CPPUNIT_ASSERT_EQUAL(std::string("00000000000008b0"), written(Board::Pc));
        kit::Bytes small(7, 0), used(8, 1);
        for (kit::Bytes* volume : {&small, &used})
            expectRefusal("bad_firmware_volume", [&] { writeMachine(*volume, build, {}); });
    }

    // Volume header, pad file, file header, section header, GUID and offset: where the compressed bytes
    // start.
    static constexpr std::size_t kStream = 72 + 48 + 24 + 4 + 20;
};
CPPUNIT_TEST_SUITE_REGISTRATION(BootFilesTest);

} // namespace
} // namespace teehost::vtpm::test
