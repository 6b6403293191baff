// SPDX-License-Identifier: Apache-2.0
#include <cppunit/extensions/HelperMacros.h>

#include "predict/calibration.h"
#include "predict/firmware_facts.h"
#include "refusal.h"

namespace teehost::vtpm::test {
namespace {

using teehost::test::expectRefusal;

CalibratedBoot someBoot()
{
    CalibratedBoot boot;
    boot.firmware = kit::sha256(kit::viewOf("firmware"));
    boot.shape = {Board::Pc, 1u << 30, 2, 4, CpuVendor::Intel, 39, false};
    boot.loadOptions = kit::LoadOptionsForm::InitrdFirst;
    boot.behaviour = findBehaviour("edk2-2025.02");
    boot.version = "2025.02-8";
    boot.hasSecureBoot = true;
    boot.volumes[kit::HashAlgorithm::Sha2_256] = {kit::AnyDigest::filled(32, 1),
                                                  kit::AnyDigest::filled(32, 2)};
    return boot;
}

std::string someDocument()
{
    Calibration calibration;
    calibration.add(someBoot());
    return calibration.toJson();
}

class CalibrationTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CalibrationTest);
    CPPUNIT_TEST(readsWhatItWrites);
    CPPUNIT_TEST(isOfOneFirmwareAndShape);
    CPPUNIT_TEST(tellsAFactByTheFirstBootThatSaysIt);
    CPPUNIT_TEST(refusesWhatItDoesNotUnderstand);
    CPPUNIT_TEST_SUITE_END();

    void readsWhatItWrites()
    {
        const Calibration read = Calibration::parse(someDocument());
        CPPUNIT_ASSERT_EQUAL(someDocument(), read.toJson());
        const auto* found = read.find(someBoot().firmware, someBoot().shape);
        CPPUNIT_ASSERT(found != nullptr && found->loadOptions == kit::LoadOptionsForm::InitrdFirst);
        CPPUNIT_ASSERT(found->behaviour == findBehaviour("edk2-2025.02") && found->version == "2025.02-8" &&
                       found->hasSecureBoot == true);
        const auto& volumes = found->volumes.at(kit::HashAlgorithm::Sha2_256);
        CPPUNIT_ASSERT(kit::equal(volumes.dxe.view(), kit::AnyDigest::filled(32, 2).view()));
    }

    void isOfOneFirmwareAndShape()
    {
        const Calibration calibration = Calibration::parse(someDocument());
        MachineShape other = someBoot().shape;
        other.vcpus = 1;
        CPPUNIT_ASSERT(calibration.find(someBoot().firmware, other) == nullptr);
        CPPUNIT_ASSERT(calibration.find(kit::sha256({}), someBoot().shape) == nullptr);
    }

    void tellsAFactByTheFirstBootThatSaysIt()
    {
        CalibratedBoot silent = someBoot(), small = someBoot(), mine = someBoot();
        silent.shape.vcpus = 8;
        silent.behaviour = nullptr;
        silent.loadOptions.reset();
        silent.version.reset();
        silent.hasSecureBoot.reset();
        small.shape.vcpus = 1;
        mine.version = "mine";
        mine.loadOptions = kit::LoadOptionsForm::InitrdLast;
        mine.hasSecureBoot.reset();
        Calibration calibration;
        for (const CalibratedBoot& boot : {silent, small, mine})
            calibration.add(boot);
        const auto here = FirmwareFacts::of(mine.firmware, &calibration, mine.shape);
        CPPUNIT_ASSERT(here.version() == "mine" && here.loadOptions() == kit::LoadOptionsForm::InitrdLast);
        CPPUNIT_ASSERT(here.behaviour() == mine.behaviour && here.hasSecureBoot() == true); // of another's
        MachineShape other = mine.shape;
        other.vcpus = 3;
        const auto there = FirmwareFacts::of(mine.firmware, &calibration, other);
        CPPUNIT_ASSERT(there.version() == "2025.02-8" && there.behaviour() == small.behaviour);
        CPPUNIT_ASSERT(there.loadOptions() == kit::LoadOptionsForm::InitrdFirst);
    }

    void refusesWhatItDoesNotUnderstand()
    {
        const auto with = [](const std::string& before, const std::string& after) {
            std::string text = someDocument();
            const std::size_t at = text.find(before);
            CPPUNIT_ASSERT_MESSAGE(before, at != std::string::npos);
            return text.replace(at, before.size(), after);
        };
        for (const std::string& text :
             {std::string(), std::string("[]"), with("\"version\": 1", "\"version\": 2"),
              with("\"pc\"", "\"virt\""), with("GenuineIntel", "Zhaoxin"), with("false", "0"),
              with("\"vcpus\": 2", "\"vcpus\": -2"), with("initrd-first", "initrd"),
              with("\"sha256\": {", "\"md5\": {"), with("0101", "01"), with("memory_bytes", "memory"),
              with("edk2-2025.02", "edk2"), with("2025.02-8", "\\u00e4"),
              with("\"secure_boot\": true", "\"secure_boot\": 1"), std::string(2u << 20, ' ')})
            expectRefusal("bad_calibration", [&] { static_cast<void>(Calibration::parse(text)); });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(CalibrationTest);

} // namespace
} // namespace teehost::vtpm::test
