// SPDX-License-Identifier: Apache-2.0
//
// A boot that is predicted, to be changed by tests: small files, and a firmware that is calibrated to behave
// like edk2-2022.11.
#pragma once

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>

#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/variable_store.h>

#include "boot_factory/boot_files.h"
#include "predict/predict_pcrs.h"
#include "vtpm_predict_factory/boot_files.h"

namespace teehost::vtpm::test {

using namespace boot_factory;
using namespace vtpm_factory;

class PredictionTest : public CppUnit::TestFixture {
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

protected:
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

    std::filesystem::path folder_;
    FirmwareCache cache_;
    Calibration calibration_;
    BootInputs inputs_;
};

} // namespace teehost::vtpm::test
