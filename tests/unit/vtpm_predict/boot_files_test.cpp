// SPDX-License-Identifier: Apache-2.0
//
// Firmware images and variable stores are read as they were made, and refused when they are damaged.
#include <cppunit/extensions/HelperMacros.h>

#include "predict/firmware_table.h"
#include "predict/firmware_volume.h"
#include "predict/variable_store.h"
#include "refusal.h"
#include "vtpm_predict_factory/boot_files.h"

namespace teehost::vtpm::test {
namespace {

using namespace vtpm_factory;

class BootFilesTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(BootFilesTest);
    CPPUNIT_TEST(unpacksTheTwoVolumes);
    CPPUNIT_TEST(refusesOtherNumbersOfVolumes);
    CPPUNIT_TEST(refusesATruncatedImage);
    CPPUNIT_TEST(refusesADamagedStream);
    CPPUNIT_TEST(refusesAnAbsurdSizeWithoutAllocatingIt);
    CPPUNIT_TEST(findsVariables);
    CPPUNIT_TEST(prefersAVariableToItsPredecessor);
    CPPUNIT_TEST(refusesDamagedStores);
    CPPUNIT_TEST(knowsWhenSecureBootIsEnforced);
    CPPUNIT_TEST(fillsInTheMemoryTypesOfAnEarlierBoot);
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

    void findsVariables()
    {
        const kit::Bytes file =
            VariableStoreBuilder{{{kGlobalVariable, "PK", "abc"}, {kImageSecurity, "db", "x"}}}.build();
        const auto store = VariableStore::parse(file);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, store.size());
        CPPUNIT_ASSERT_EQUAL(std::string("abc"),
                             std::string(kit::textOf(store.find(kGlobalVariable, "PK").value())));
        CPPUNIT_ASSERT(!store.find(kGlobalVariable, "db"));
        CPPUNIT_ASSERT(!store.find(kGlobalVariable, "P"));
    }

    void prefersAVariableToItsPredecessor()
    {
        constexpr std::uint8_t kReplaced = 0x3E, kDeleted = 0x3C;
        std::vector<VariableStoreBuilder::Variable> variables{{kGlobalVariable, "KEK", "gone", kDeleted},
                                                              {kGlobalVariable, "KEK", "old", kReplaced}};
        kit::Bytes file = VariableStoreBuilder{variables}.build();
        CPPUNIT_ASSERT_EQUAL(
            std::string("old"),
            std::string(kit::textOf(VariableStore::parse(file).find(kGlobalVariable, "KEK").value())));
        variables.push_back({kGlobalVariable, "KEK", "new"});
        file = VariableStoreBuilder{variables}.build();
        CPPUNIT_ASSERT_EQUAL(
            std::string("new"),
            std::string(kit::textOf(VariableStore::parse(file).find(kGlobalVariable, "KEK").value())));
    }

    void refusesDamagedStores()
    {
        const kit::Bytes file = VariableStoreBuilder{{{kGlobalVariable, "PK", "abc"}}}.build();
        struct Row {
            std::size_t offset; ///< of a byte that is changed
            std::uint8_t value;
        };
        // The volume's type and length, the store's type, size, format and state, a variable's name and data.
        for (const auto& [offset, value] : {Row{16, 0}, Row{34, 1}, Row{72, 0}, Row{90, 9}, Row{92, 0},
                                            Row{93, 0}, Row{139, 1}, Row{143, 1}}) {
            kit::Bytes damaged = file;
            damaged[offset] = value;
            expectRefusal("bad_variable_store", [&] { static_cast<void>(VariableStore::parse(damaged)); });
        }
    }

    void knowsWhenSecureBootIsEnforced()
    {
        constexpr kit::Guid kSwitch = kit::uefiGuid("f0a30bc7-af08-4556-99c4-001009c93a44");
        const auto enforced = [](const std::vector<VariableStoreBuilder::Variable>& variables) {
            const kit::Bytes file = VariableStoreBuilder{variables}.build();
            return VariableStore::parse(file).enforcesSecureBoot();
        };
        CPPUNIT_ASSERT(!enforced({}));
        CPPUNIT_ASSERT(!enforced({{kGlobalVariable, "PK", ""}}));
        CPPUNIT_ASSERT(enforced({{kGlobalVariable, "PK", "key"}}));
        CPPUNIT_ASSERT(enforced({{kGlobalVariable, "PK", "key"}, {kSwitch, "SecureBootEnable", "\x01"}}));
        CPPUNIT_ASSERT(
            !enforced({{kGlobalVariable, "PK", "key"}, {kSwitch, "SecureBootEnable", std::string(1, '\0')}}));
    }

    void fillsInTheMemoryTypesOfAnEarlierBoot()
    {
        const FirmwareBuild build{.name = "made up", .sha256 = "", .memoryTypes = 8};
        kit::Bytes volume(64, 0);
        kit::Bytes variable(48, 0);
        variable[4] = 9; // pages of the first type
        CPPUNIT_ASSERT(!writeMemoryTypes(volume, build, variable));
        CPPUNIT_ASSERT_EQUAL(9, int{volume[12]});
        variable[0] = 1; // another type
        CPPUNIT_ASSERT(writeMemoryTypes(volume, build, variable));
        CPPUNIT_ASSERT(writeMemoryTypes(volume, build, kit::Bytes(40, 0)));
    }

    // Volume header, pad file, file header, section header, GUID and offset: where the compressed bytes
    // start.
    static constexpr std::size_t kStream = 72 + 48 + 24 + 4 + 20;
};
CPPUNIT_TEST_SUITE_REGISTRATION(BootFilesTest);

} // namespace
} // namespace teehost::vtpm::test
