// SPDX-License-Identifier: Apache-2.0
//
// The differences from one firmware to another; a firmware that was not examined gets no prediction.
#include <algorithm>
#include <array>

#include <teehost/kit/pe_authenticode.h>

#include "vtpm_predict/prediction_test.h"

namespace teehost::vtpm::test {
namespace {

/// The digest of a firmware without Secure Boot, in which the variable SecureBoot does not exist.
constexpr std::string_view kNoSecureBoot = "b5710bf57d25623e4019027da116821fa99f5c81e9e38b87671cc574f9281439";

class FirmwareBehaviourTest final : public PredictionTest {
    CPPUNIT_TEST_SUITE(FirmwareBehaviourTest);
    CPPUNIT_TEST(predictsNothingOfAFirmwareItDoesNotKnow);
    CPPUNIT_TEST(knowsWhereTheVariableSecureBootIsAbsent);
    CPPUNIT_TEST(startsPcr0WithTheVersion);
    CPPUNIT_TEST(leavesOutWhatNewerFirmwareMeasuresOfTables);
    CPPUNIT_TEST(knowsTheFormOfTheKernel);
    CPPUNIT_TEST(leavesOpenWhetherAKernelWithItsSignatureStarts);
    CPPUNIT_TEST_SUITE_END();

    /// A wrong value would reject a VM that is as it should be, so there is none.
    void predictsNothingOfAFirmwareItDoesNotKnow()
    {
        const PcrPrediction prediction = predict(with([](auto& in) { in.calibration = nullptr; }));
        expectUnpredicted(prediction, {0, 1, 2, 3, 4, 5, 6, 7, 9});
        expectUnpredicted(prediction, {2, 3, 4, 5, 6}, "was not examined");
        const auto digests = predictCalibrated(inputs_, [](CalibratedBoot& boot) {
            boot.behaviour = nullptr;
            boot.version.reset();
            boot.hasSecureBoot.reset();
            boot.loadOptions.reset();
        });
        expectUnpredicted(digests, {0, 1, 2, 3, 4, 5, 6, 7, 9});
        expectUnpredicted(digests, {0}, "firmware_version");
    }

    void knowsWhereTheVariableSecureBootIsAbsent()
    {
        const auto without = [](CalibratedBoot& boot) { boot.hasSecureBoot = false; };
        const PcrPrediction none = predictCalibrated(inputs_, without);
        CPPUNIT_ASSERT_EQUAL(std::string(kNoSecureBoot), value(none, 7));
        // Keys in the store change nothing of what starts.
        const PcrPrediction keys = predictCalibrated(withKeys(), without);
        CPPUNIT_ASSERT(!keys.kernelNotMeasured);
        CPPUNIT_ASSERT_EQUAL(value(predict(inputs_), 4), value(keys, 4));
        expectUnpredicted(predictCalibrated(inputs_, [](auto& boot) { boot.hasSecureBoot.reset(); }), {7},
                          "secure_boot");
    }

    void startsPcr0WithTheVersion()
    {
        const auto other = predictCalibrated(inputs_, [](auto& boot) { boot.version = "2025.02-8"; });
        CPPUNIT_ASSERT(value(other, 0) != value(predict(inputs_), 0) && value(other, 0) != "unpredictable");
        expectUnpredicted(predictCalibrated(inputs_, [](auto& boot) { boot.version.reset(); }), {0},
                          "firmware_version");
    }

    void leavesOutWhatNewerFirmwareMeasuresOfTables()
    {
        const auto like = [this](const char* name) {
            return predictCalibrated(inputs_, [&](CalibratedBoot& boot) {
                boot.behaviour = findBehaviour(name);
                boot.loadOptions.reset();
            });
        };
        expectUnpredicted(like("edk2-2025.02"), {1}, "ACPI");
        expectUnpredicted(like("edk2-2026.08"), {1}, "SMBIOS");
        CPPUNIT_ASSERT_EQUAL(value(predict(inputs_), 9), value(like("edk2-2025.02"), 9));
        CPPUNIT_ASSERT(value(predict(inputs_), 9) != value(like("edk2-2026.08"), 9));
    }

    /// QEMU 10.0 has the kernel in two forms, and the firmware chooses.
    void knowsTheFormOfTheKernel()
    {
        const BootInputs newQemu = with([](auto& in) { in.qemuVersion = "10.0.2"; });
        const auto newFirmware = [](CalibratedBoot& boot) { boot.behaviour = findBehaviour("edk2-2025.02"); };
        const std::string filledIn = value(predict(inputs_), 4);
        CPPUNIT_ASSERT_EQUAL(filledIn, value(predict(newQemu), 4));
        CPPUNIT_ASSERT_EQUAL(filledIn, value(predictCalibrated(inputs_, newFirmware), 4));
        const PcrPrediction asInFile = predictCalibrated(newQemu, newFirmware);
        CPPUNIT_ASSERT(value(asInFile, 4) != filledIn && value(asInFile, 4) != "unpredictable");
        const auto& events = asInFile.banks.front().events;
        const auto kernel = std::find_if(events.begin(), events.end(),
                                         [](const PcrEvent& event) { return event.what == "kernel"; });
        const auto image = KernelBuilder().build();
        CPPUNIT_ASSERT_EQUAL(
            kit::toHex(kit::authenticode(image, std::array{HashAlgorithm::Sha2_256}).front().view()),
            kit::toHex(kernel->digest.view()));
        BootInputs confidential = newQemu;
        confidential.machine.memoryLayout = Unknown{"a confidential VM"};
        expectUnpredicted(predictCalibrated(confidential, newFirmware), {4}, "a confidential VM");
        expectUnpredicted(predict(with([](auto& in) { in.machine.shim = Unknown{"a shim"}; })), {4, 7, 9},
                          "a shim");
    }

    void leavesOpenWhetherAKernelWithItsSignatureStarts()
    {
        BootInputs inputs = withKeys();
        inputs.qemuVersion = "10.0.2";
        const PcrPrediction prediction = predictCalibrated(
            inputs, [](CalibratedBoot& boot) { boot.behaviour = findBehaviour("edk2-2025.02"); });
        CPPUNIT_ASSERT(!prediction.kernelNotMeasured);
        expectUnpredicted(prediction, {4, 5, 7, 9});
        const PcrPrediction refused = predictCalibrated(
            withKeys(), [](CalibratedBoot& boot) { boot.behaviour = findBehaviour("edk2-2026.08"); });
        CPPUNIT_ASSERT(refused.kernelNotMeasured.value().find("does not start it") != std::string::npos);
        expectUnpredicted(refused, {4, 5, 9}, "does not start");
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(FirmwareBehaviourTest);

} // namespace
} // namespace teehost::vtpm::test
