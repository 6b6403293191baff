// SPDX-License-Identifier: Apache-2.0
//
// PCRs of whole boots. Constants were taken from a TPM after such a boot; what the firmware's own PCRs come
// to is held against real boots by tests/integration/vtpm.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/pe_authenticode.h>
#include <teehost/kit/variable_store.h>

#include "boot_factory/boot_files.h"
#include "predict/predict_pcrs.h"
#include "refusal.h"
#include "vtpm_predict_factory/boot_files.h"

namespace teehost::vtpm::test {
namespace {

using namespace boot_factory;
using namespace vtpm_factory;
using teehost::test::expectRefusal;

constexpr std::string_view kSeparatorOnly =
    "3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969";
constexpr std::string_view kBootServicesLeft =
    "a5ceb755d043f32431d63e39f5161464620a3437280494b5850dc1b47cc074e0";
/// Of a firmware without Secure Boot, where the variable SecureBoot does not exist.
constexpr std::string_view kNoSecureBoot = "b5710bf57d25623e4019027da116821fa99f5c81e9e38b87671cc574f9281439";
constexpr std::string_view kNoKeys = "65caf8dd1e0ea7a6347b635d2b379c93b9a1351edc2afc3ecda700e534eb3068";
constexpr std::string_view kNoKernel = "7a94ffe8a7729a566d3d3c577fcb4b6b1e671f31540375f80eae6382ab785e35";

class PredictPcrsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PredictPcrsTest);
    CPPUNIT_TEST(givesWhatATpmShowed);
    CPPUNIT_TEST(repeatsItsEvents);
    CPPUNIT_TEST(changesWhatAnInputDecides);
    CPPUNIT_TEST(predictsNothingOfAFirmwareItDoesNotKnow);
    CPPUNIT_TEST(knowsWhereTheVariableSecureBootIsAbsent);
    CPPUNIT_TEST(startsPcr0WithTheVersion);
    CPPUNIT_TEST(leavesOutWhatNewerFirmwareMeasuresOfTables);
    CPPUNIT_TEST(knowsTheFormOfTheKernel);
    CPPUNIT_TEST(leavesOpenWhetherAKernelWithItsSignatureStarts);
    CPPUNIT_TEST(takesCalibratedFirmware);
    CPPUNIT_TEST(saysThatAKernelWillNotBeMeasured);
    CPPUNIT_TEST(givesUpOnBootOptionsOfOthers);
    CPPUNIT_TEST(predictsTheImaAggregate);
    CPPUNIT_TEST(predictsLittleOfADiskBoot);
    CPPUNIT_TEST(predictsNothingWithoutUefi);
    CPPUNIT_TEST(takesDigestsForFiles);
    CPPUNIT_TEST(refusesCommandLines);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        folder_ = std::filesystem::temp_directory_path() / ("vtpm_predict-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
        inputs_ = {};
        inputs_.firmwareCode = write("code", FirmwareBuilder().build());
        inputs_.firmwareVars = write("vars", VariableStoreBuilder().build());
        inputs_.kernel = write("kernel", KernelBuilder().build());
        inputs_.initrd = write("initrd", kit::Bytes(5000, 7));
        inputs_.cmdline = "quiet";
        inputs_.machine.shape.memoryBytes = 1u << 30;
        inputs_.qemuVersion = "7.2.22";
        calibrate();
    }
    void tearDown() override { std::filesystem::remove_all(folder_); }

private:
    std::string write(const std::string& name, const kit::Bytes& bytes) const
    {
        std::ofstream(folder_ / name, std::ios::binary) << kit::textOf(bytes);
        return (folder_ / name).string();
    }
    void calibrate()
    {
        calibration_ = {};
        calibration_.add(calibratedBoot());
        inputs_.calibration = &calibration_;
    }
    [[nodiscard]] CalibratedBoot calibratedBoot() const
    {
        CalibratedBoot boot;
        boot.firmware = kit::sha256(FirmwareBuilder().build());
        boot.shape = inputs_.machine.shape;
        boot.loadOptions = kit::LoadOptionsForm::InitrdLast;
        boot.behaviour = findBehaviour("edk2-2022.11");
        boot.version = "";
        boot.hasSecureBoot = true;
        boot.volumes[HashAlgorithm::Sha2_256] = {kit::AnyDigest::filled(32, 1),
                                                 kit::AnyDigest::filled(32, 2)};
        return boot;
    }
    /// As predict, of a firmware whose calibration is changed.
    template <class Change>
    [[nodiscard]] PcrPrediction predictCalibrated(BootInputs inputs, Change&& change)
    {
        CalibratedBoot boot = calibratedBoot();
        change(boot);
        Calibration calibration;
        calibration.add(boot);
        inputs.calibration = &calibration;
        return predict(inputs);
    }
    [[nodiscard]] BootInputs withKeys() const
    {
        return with([this](auto& in) {
            in.firmwareVars =
                write("keys", VariableStoreBuilder{{{kit::kGlobalVariable, "PK", "key"}}}.build());
        });
    }
    void expectUnpredicted(const PcrPrediction& prediction, std::initializer_list<std::uint32_t> pcrs,
                           std::string_view why = {}) const
    {
        for (const std::uint32_t pcr : pcrs) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::to_string(pcr), std::string("unpredictable"),
                                         value(prediction, pcr));
            const std::string& reason = prediction.unpredictable.at(pcr);
            CPPUNIT_ASSERT_MESSAGE(reason, reason.find(why) != std::string::npos);
        }
    }
    [[nodiscard]] PcrPrediction predict(const BootInputs& inputs) { return predictPcrs(inputs, cache_); }
    [[nodiscard]] std::string value(const PcrPrediction& prediction, std::uint32_t pcr) const
    {
        const auto& found = prediction.banks.front().values[pcr];
        return found ? kit::toHex(found->view()) : "unpredictable";
    }
    /// The PCRs whose value is another with `inputs`.
    [[nodiscard]] std::string changed(const BootInputs& inputs)
    {
        const PcrPrediction before = predict(inputs_), after = predict(inputs);
        std::string out;
        for (std::uint32_t pcr = 0; pcr < kPcrs; ++pcr)
            if (before.banks.front().values[pcr] && value(before, pcr) != value(after, pcr))
                out += std::to_string(pcr) + " ";
        return out;
    }
    template <class Change>
    [[nodiscard]] BootInputs with(Change&& change) const
    {
        BootInputs inputs = inputs_;
        change(inputs);
        return inputs;
    }

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
        // What it says of the firmware holds on every machine.
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

    std::filesystem::path folder_;
    FirmwareCache cache_;
    Calibration calibration_;
    BootInputs inputs_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(PredictPcrsTest);

} // namespace
} // namespace teehost::vtpm::test
