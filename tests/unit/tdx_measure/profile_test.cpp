// SPDX-License-Identifier: Apache-2.0
//
// Firmware profiles as an operator writes them.
#include <cppunit/extensions/HelperMacros.h>

#include "refusal.h"
#include "tdx/measure/firmware_profile.h"

namespace teehost::tdx::test {
namespace {

using teehost::test::expectRefusal;

class ProfileTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ProfileTest);
    CPPUNIT_TEST(knowsThreeReleases);
    CPPUNIT_TEST(readsWhatDiffers);
    CPPUNIT_TEST(refusesOtherWords);
    CPPUNIT_TEST(knowsNoFirmwareThatNobodyExamined);
    CPPUNIT_TEST_SUITE_END();

    void knowsThreeReleases()
    {
        const auto old = parseFirmwareProfile("edk2-2022.11").value();
        CPPUNIT_ASSERT(old.readyToBoot == ReadyToBoot::Rtmr0 && !old.measuresFwCfg && !old.measuresSmbios);
        CPPUNIT_ASSERT(old.loadOptions == kit::LoadOptionsForm::InitrdLast);
        const auto middle = parseFirmwareProfile("edk2-2025.02").value();
        CPPUNIT_ASSERT(middle.readyToBoot == ReadyToBoot::Rtmr1 && !middle.measuresFwCfg &&
                       !middle.measuresSmbios);
        CPPUNIT_ASSERT(middle.loadOptions == kit::LoadOptionsForm::InitrdLast);
        const auto recent = parseFirmwareProfile("edk2-2025.08").value();
        CPPUNIT_ASSERT(recent.readyToBoot == ReadyToBoot::Rtmr1 && recent.measuresFwCfg &&
                       recent.measuresSmbios);
        CPPUNIT_ASSERT(recent.loadOptions == kit::LoadOptionsForm::InitrdFirst);
        CPPUNIT_ASSERT(!parseFirmwareProfile("auto") && !parseFirmwareProfile(""));
    }

    void readsWhatDiffers()
    {
        const auto plain = parseFirmwareProfile("custom").value();
        CPPUNIT_ASSERT(plain.readyToBoot == ReadyToBoot::Rtmr0 && !plain.hasSecureBoot);
        const auto all =
            parseFirmwareProfile("custom,initrd=first,ready-to-boot=rtmr1,fw-cfg=on,smbios=on,secure-boot=on")
                .value();
        CPPUNIT_ASSERT_EQUAL(std::string("custom"), all.name);
        CPPUNIT_ASSERT(all.readyToBoot == ReadyToBoot::Rtmr1 && all.measuresFwCfg && all.measuresSmbios &&
                       all.hasSecureBoot && all.loadOptions == kit::LoadOptionsForm::InitrdFirst);
        CPPUNIT_ASSERT(!parseFirmwareProfile("custom,fw-cfg=off")->measuresFwCfg);
    }

    void refusesOtherWords()
    {
        for (const char* text : {"edk2", "edk2-2022.11,initrd=first", "customs", "custom,initrd=middle",
                                 "custom,separator=rtmr1", "custom,ready-to-boot=rtmr2"})
            expectRefusal("bad_firmware_profile", [&] { static_cast<void>(parseFirmwareProfile(text)); });
    }

    void knowsNoFirmwareThatNobodyExamined() { CPPUNIT_ASSERT(findFirmware(kit::sha256({})) == nullptr); }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ProfileTest);

} // namespace
} // namespace teehost::tdx::test
