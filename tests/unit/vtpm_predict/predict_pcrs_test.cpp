// SPDX-License-Identifier: Apache-2.0
//
// PCRs of whole boots. Constants were taken from a TPM after such a boot; what the firmware's own PCRs come
// to is held against real boots by tests/integration/vtpm.
#include <algorithm>

#include "refusal.h"
#include "vtpm_predict/prediction_test.h"

namespace teehost::vtpm::test {
namespace {

using teehost::test::expectRefusal;

constexpr std::string_view kSeparatorOnly =
    "3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969";
constexpr std::string_view kBootServicesLeft =
    "a5ceb755d043f32431d63e39f5161464620a3437280494b5850dc1b47cc074e0";
constexpr std::string_view kNoKeys = "65caf8dd1e0ea7a6347b635d2b379c93b9a1351edc2afc3ecda700e534eb3068";
constexpr std::string_view kNoKernel = "7a94ffe8a7729a566d3d3c577fcb4b6b1e671f31540375f80eae6382ab785e35";

class PredictPcrsTest final : public PredictionTest {
    CPPUNIT_TEST_SUITE(PredictPcrsTest);
    CPPUNIT_TEST(givesWhatATpmShowed);
    CPPUNIT_TEST(repeatsItsEvents);
    CPPUNIT_TEST(changesWhatAnInputDecides);
    CPPUNIT_TEST(takesCalibratedFirmware);
    CPPUNIT_TEST(saysThatAKernelWillNotBeMeasured);
    CPPUNIT_TEST(givesUpOnBootOptionsOfOthers);
    CPPUNIT_TEST(leavesOpenWhatAnOldKernelMeasures);
    CPPUNIT_TEST(predictsTheImaAggregate);
    CPPUNIT_TEST(predictsLittleOfADiskBoot);
    CPPUNIT_TEST(predictsNothingWithoutUefi);
    CPPUNIT_TEST(takesDigestsForFiles);
    CPPUNIT_TEST(refusesCommandLines);
    CPPUNIT_TEST_SUITE_END();

    void givesWhatATpmShowed()
    {
        const PcrPrediction prediction = predict(inputs_);
        for (const std::uint32_t pcr : {2u, 3u, 6u})
            CPPUNIT_ASSERT_EQUAL(std::string(kSeparatorOnly), value(prediction, pcr));
        CPPUNIT_ASSERT_EQUAL(std::string(kBootServicesLeft), value(prediction, 5));
        CPPUNIT_ASSERT_EQUAL(std::string(kNoKeys), value(prediction, 7));
        for (const std::uint32_t pcr : {8u, 11u, 15u, 16u})
            CPPUNIT_ASSERT_EQUAL(std::string(64, '0'), value(prediction, pcr));
        CPPUNIT_ASSERT_EQUAL(std::string("unpredictable"), value(prediction, 17));
    }

    void repeatsItsEvents()
    {
        const BankPrediction bank = predict(inputs_).banks.front();
        for (const std::uint32_t pcr : {0u, 4u, 5u, 7u, 9u}) {
            kit::AnyDigest value = kit::AnyDigest::filled(32, 0);
            std::size_t count = 0;
            for (const PcrEvent& event : bank.events)
                if (event.pcr == pcr) {
                    kit::Bytes both(value.view().begin(), value.view().end());
                    both.insert(both.end(), event.digest.view().begin(), event.digest.view().end());
                    value = kit::hash(bank.bank, both);
                    ++count;
                }
            CPPUNIT_ASSERT(count >= 2);
            CPPUNIT_ASSERT_EQUAL(kit::toHex(value.view()), kit::toHex(bank.values[pcr].value().view()));
        }
    }

    void changesWhatAnInputDecides()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("9 "), changed(with([](auto& in) { in.cmdline = "quiet "; })));
        CPPUNIT_ASSERT_EQUAL(std::string("4 "), changed(with([this](auto& in) {
                                 in.kernel = write("other", KernelBuilder{.content = "changed"}.build());
                             })));
        CPPUNIT_ASSERT_EQUAL(std::string("9 "), changed(with([this](auto& in) {
                                 in.initrd = write("other", kit::Bytes(5000, 8));
                             })));
        // Its size and place are in the kernel's header.
        CPPUNIT_ASSERT_EQUAL(std::string("4 9 "), changed(with([this](auto& in) {
                                 in.initrd = write("other", kit::Bytes(5001, 7));
                             })));
        CPPUNIT_ASSERT_EQUAL(std::string("4 9 "), changed(with([](auto& in) { in.initrd = {}; })));
        CPPUNIT_ASSERT_EQUAL(std::string("7 "), changed(with([this](auto& in) {
                                 in.firmwareVars =
                                     write("other",
                                           VariableStoreBuilder{{{kit::kImageSecurity, "dbx", "x"}}}.build());
                             })));
        CPPUNIT_ASSERT_EQUAL(std::string("2 "),
                             changed(with([](auto& in) { in.machine.optionRoms = Unknown{"a ROM"}; })));
        CPPUNIT_ASSERT_EQUAL(std::string("4 "), changed(with([](auto& in) { in.qemuVersion = "9.0.0"; })));
    }

    void takesCalibratedFirmware()
    {
        const PcrPrediction prediction = predict(inputs_);
        CPPUNIT_ASSERT(!prediction.unpredictable.contains(0));
        const auto& events = prediction.banks.front().events;
        const auto pei = std::find_if(events.begin(), events.end(), [](const PcrEvent& event) {
            return event.source.starts_with("calibrated");
        });
        CPPUNIT_ASSERT(pei != events.end());
        CPPUNIT_ASSERT_EQUAL(kit::toHex(kit::AnyDigest::filled(32, 1).view()),
                             kit::toHex(pei->digest.view()));
        // Its facts about the firmware hold on every machine.
        const auto other = predict(with([](auto& in) { in.machine.shape.vcpus = 2; }));
        expectUnpredicted(other, {0}, "2 of 1 vCPUs");
        CPPUNIT_ASSERT_EQUAL(value(prediction, 7), value(other, 7));
        const auto bank = predict(with([](auto& in) { in.banks = {HashAlgorithm::Sha2_384}; }));
        CPPUNIT_ASSERT(bank.unpredictable.contains(0));
    }

    void saysThatAKernelWillNotBeMeasured()
    {
        const PcrPrediction prediction = predict(withKeys());
        CPPUNIT_ASSERT(prediction.kernelNotMeasured.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string(kNoKernel), value(prediction, 4));
        CPPUNIT_ASSERT_EQUAL(std::string(kNoKernel),
                             kit::toHex(kernelNotMeasuredPcr4(HashAlgorithm::Sha2_256).view()));
        CPPUNIT_ASSERT(!predict(inputs_).kernelNotMeasured);
    }

    void givesUpOnBootOptionsOfOthers()
    {
        const PcrPrediction prediction = predict(with([this](auto& in) {
            in.firmwareVars =
                write("other",
                      VariableStoreBuilder{{{kit::kGlobalVariable, "BootOrder", std::string("\1\0\0\0", 4)}}}
                          .build());
        }));
        CPPUNIT_ASSERT(prediction.unpredictable.contains(1));
    }

    void leavesOpenWhatAnOldKernelMeasures()
    {
        const auto withKernel = [this](const char* version) {
            return predict(with([&](auto& in) {
                in.kernel = write("versioned", KernelBuilder{.version = version}.build());
            }));
        };
        expectUnpredicted(withKernel("5.10.0-32-amd64"), {9}, "Linux 5.10");
        for (const char* version : {"6.1.0", "6.12.57"})
            CPPUNIT_ASSERT_EQUAL(value(predict(inputs_), 9), value(withKernel(version), 9));
    }

    void predictsTheImaAggregate()
    {
        const auto asked = with([](auto& in) {
            in.firmwareCode = "/usr/share/OVMF/OVMF_CODE_4M.fd"; // PCR 1 is part of the aggregate
            in.calibration = nullptr;
            in.initramfsOnly = ImaTemplate::Sig;
            in.banks = {HashAlgorithm::Sha1, HashAlgorithm::Sha2_384};
        });
        const PcrPrediction prediction = predict(asked);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, prediction.banks.size());
        CPPUNIT_ASSERT(prediction.banks[0].values[10].has_value());
        CPPUNIT_ASSERT(!prediction.banks[1].values[10]);
        CPPUNIT_ASSERT(prediction.unpredictable.contains(10));
        const auto unknown =
            predictCalibrated(with([](auto& in) { in.initramfsOnly = ImaTemplate::Ng; }),
                              [](CalibratedBoot& boot) { boot.behaviour = findBehaviour("edk2-2025.02"); });
        CPPUNIT_ASSERT_EQUAL(std::string("it contains PCR 1"), unknown.unpredictable.at(10));
        CPPUNIT_ASSERT_EQUAL(std::string("unpredictable"), value(predict(inputs_), 10));
    }

    void predictsLittleOfADiskBoot()
    {
        const PcrPrediction prediction =
            predict(with([](auto& in) { in.kernel = in.initrd = std::string(); }));
        for (const std::uint32_t pcr : {0u, 2u, 3u, 6u})
            CPPUNIT_ASSERT(value(prediction, pcr) != "unpredictable");
        for (const std::uint32_t pcr : {1u, 4u, 5u, 8u, 9u, 11u})
            CPPUNIT_ASSERT_EQUAL(std::string("unpredictable"), value(prediction, pcr));
        expectUnpredicted(prediction, {7}, "the certificate that vouches");
    }

    void predictsNothingWithoutUefi()
    {
        const PcrPrediction prediction = predict(with([](auto& in) { in.firmwareCode.clear(); }));
        for (std::uint32_t pcr = 0; pcr < kPcrs; ++pcr)
            CPPUNIT_ASSERT_EQUAL(std::string("unpredictable"), value(prediction, pcr));
        CPPUNIT_ASSERT(prediction.unpredictable.contains(4));
    }

    void takesDigestsForFiles()
    {
        const auto known = with([](auto& in) {
            const kit::Bytes initrd(5000, 7);
            in.initrd = KnownFile{"an initrd",
                                  initrd.size(),
                                  {{HashAlgorithm::Sha2_256, kit::hash(HashAlgorithm::Sha2_256, initrd)}}};
        });
        CPPUNIT_ASSERT_EQUAL(std::string(), changed(known));
        const auto otherBank = predict(with([&](auto& in) {
            in.initrd = known.initrd;
            in.banks = {HashAlgorithm::Sha1};
        }));
        CPPUNIT_ASSERT(otherBank.unpredictable.contains(9));
    }

    void refusesCommandLines()
    {
        expectRefusal("bad_cmdline",
                      [&] { static_cast<void>(predict(with([](auto& in) { in.cmdline = "vga=1"; }))); });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PredictPcrsTest);

} // namespace
} // namespace teehost::vtpm::test
