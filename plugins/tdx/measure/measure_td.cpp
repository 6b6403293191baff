// SPDX-License-Identifier: Apache-2.0
#include "tdx/measure/measure_td.h"

#include <algorithm>
#include <array>

#include <teehost/kit/file.h>
#include <teehost/kit/input_error.h>
#include <teehost/kit/kernel_header.h>
#include <teehost/kit/reader.h>

#include "tdx/measure/rtmr_predictions.h"

namespace teehost::tdx {
namespace {

std::string rangeOf(const TdvfSection& section)
{
    return std::string(nameOf(section.type)) + ", " + std::to_string(section.size / kPageSize) +
           " pages at " + kit::hexNumber(section.address) +
           (section.isExtended() ? ", with contents" : ", without contents");
}

Candidate mrtdCandidate(const TdvfImage& image, MrtdOrder order, const std::string& source)
{
    const Mrtd mrtd = computeMrtd(image, order);
    Candidate out{std::string(nameOf(order)), mrtd.value, {}};
    for (const MrtdStep& step : mrtd.steps)
        out.events.push_back({rangeOf(step.section), source, step.after});
    return out;
}

/// The orders that are expected become candidates, the other a remark.
void addMrtd(const TdInputs& inputs, const TdvfImage& image, TdMeasurement& out)
{
    RegisterPrediction mrtd{"MRTD"};
    for (const MrtdOrder order : {MrtdOrder::SinglePass, MrtdOrder::TwoPass}) {
        Candidate candidate = mrtdCandidate(image, order, inputs.firmware);
        const bool expected = inputs.mrtd == MrtdChoice::Any ||
                              (inputs.mrtd == MrtdChoice::SinglePass) == (order == MrtdOrder::SinglePass);
        if (expected)
            mrtd.candidates.push_back(std::move(candidate));
        else
            out.commentary.push_back({"not expected: what a " + candidate.when + " kernel would make of it",
                                      inputs.firmware, candidate.value});
    }
    if (mrtd.candidates.size() == 1)
        mrtd.candidates.front().when.clear();
    out.registers.push_back(std::move(mrtd));
}

struct Initrd {
    std::uint64_t size;
    kit::Sha384Digest digest;
};

std::optional<Initrd> readInitrd(const std::string& path)
{
    if (path.empty())
        return std::nullopt;
    constexpr std::array kSha384{kit::HashAlgorithm::Sha2_384};
    const kit::FileDigests hashed = kit::hashFile(path, "initrd", kSha384);
    if (hashed.size > UINT32_MAX)
        throw kit::InputError("bad_initrd", "the initrd is longer than 4 GiB");
    Initrd out{hashed.size, {}};
    const kit::ByteView digest = hashed.digests.front().view();
    std::copy(digest.begin(), digest.end(), out.digest.begin());
    return out;
}

/// Why nothing can be said of kernel and command line; nothing when it can.
std::optional<std::string> unpredictableBoot(const TdInputs& inputs, const TdvfImage& image)
{
    if (inputs.kernel.empty())
        return "what a disk boots is not among the inputs";
    if (enforcesSecureBoot(image) == true)
        return "the firmware's variable store has Secure Boot enforced, and whether that lets a kernel of "
               "QEMU's start, and how, is not computed";
    return std::nullopt;
}

/// A kernel that cannot be measured leaves the other registers as they are.
RegisterPrediction rtmr1Of(const KernelInputs& kernel, const FirmwareProfile* profile)
{
    try {
        return predictRtmr1(kernelForms(kernel), profile);
    } catch (const kit::InputError& e) {
        return RegisterPrediction::unknown("RTMR1", e.what());
    }
}

void addDirectBoot(const TdInputs& inputs, const FirmwareProfile* profile, TdMeasurement& out)
{
    const std::optional<Initrd> initrd = readInitrd(inputs.initrd);
    KernelInputs kernel{inputs.kernel, inputs.cmdline, std::nullopt, inputs.memoryBytes, inputs.qemuVersion};
    if (initrd)
        kernel.initrdBytes = initrd->size;
    if (initrd && mayPatchKernel(inputs.qemuVersion) && !inputs.otherMemoryLayout.empty())
        out.registers.push_back(RegisterPrediction::unknown("RTMR1", inputs.otherMemoryLayout));
    else
        out.registers.push_back(rtmr1Of(kernel, profile));
    out.registers.push_back(
        predictRtmr2(inputs, initrd ? std::optional(initrd->digest) : std::nullopt, profile));
}

void addRtmrs(const TdInputs& inputs, const TdvfImage& image, const FirmwareProfile* profile,
              TdMeasurement& out)
{
    if (profile != nullptr) {
        out.registers.push_back(predictRtmr0(inputs, image, *profile));
        if (inputs.acpi)
            out.acpi = inputs.acpi->origin;
        else
            out.rtmr0WithoutAcpi = rtmr0WithoutAcpi(inputs, image, *profile);
    } else {
        out.registers.push_back(RegisterPrediction::unknown(
            "RTMR0", "what this firmware measures is not known; name its firmware profile"));
    }
    if (const auto reason = unpredictableBoot(inputs, image)) {
        for (const char* name : {"RTMR1", "RTMR2"})
            out.registers.push_back(RegisterPrediction::unknown(name, *reason));
    } else {
        addDirectBoot(inputs, profile, out);
    }
}

/// The EFI stub of Linux measures into RTMRs from 6.9 on, of distributions' kernels also of some before.
std::string unexaminedKernel(const TdInputs& inputs)
{
    constexpr kit::LinuxVersion kFirst{6, 9};
    const auto version = kit::linuxVersionOf(inputs.kernel);
    return version && *version < kFirst ? "whether Linux " + toText(*version) +
                                              " measures command line and initrd into RTMRs is not known"
                                        : "";
}

void addSilentRtmrs(const KnownFirmware& firmware, TdMeasurement& out)
{
    for (const char* name : {"RTMR0", "RTMR1", "RTMR2"})
        out.registers.push_back(RegisterPrediction::unknown(name, std::string(firmware.measuresNothing)));
}

} // namespace

std::optional<MrtdChoice> mrtdChoiceNamed(std::string_view word) noexcept
{
    if (word == "single-pass")
        return MrtdChoice::SinglePass;
    if (word == "two-pass")
        return MrtdChoice::TwoPass;
    if (word == "any")
        return MrtdChoice::Any;
    return std::nullopt;
}

const RegisterPrediction* TdMeasurement::find(std::string_view name) const noexcept
{
    const auto found =
        std::find_if(registers.begin(), registers.end(), [&](const auto& one) { return one.name == name; });
    return found == registers.end() ? nullptr : &*found;
}

TdMeasurement measureTd(const TdInputs& inputs)
{
    const kit::Bytes file = kit::readFile(inputs.firmware, "firmware", kMaxTdvfBytes);
    const TdvfImage image = TdvfImage::parse(file);
    const kit::Sha256Digest sha256 = kit::sha256(file);
    const KnownFirmware* known = findFirmware(sha256);
    const bool isSilent = known != nullptr && !known->measuresNothing.empty();
    const auto profile =
        inputs.profile || known == nullptr ? inputs.profile : parseFirmwareProfile(known->profile);

    TdMeasurement out;
    out.firmware = known != nullptr ? std::string(known->name) : "unknown, SHA-256 " + kit::toHex(sha256);
    out.profile = profile ? profile->name : std::string();
    if (!profile)
        out.unexaminedRtmr1 = out.unexaminedRtmr2 = "what this firmware measures was not examined";
    else if (!inputs.kernel.empty())
        out.unexaminedRtmr2 = unexaminedKernel(inputs);
    out.qemuRefuses = image.qemuRefuses;
    out.notPortable = notPortable(image);
    addMrtd(inputs, image, out);
    if (isSilent && !inputs.profile) {
        addSilentRtmrs(*known, out);
    } else {
        // Who names a profile may know more; but what is known is said.
        out.firmwareNote = isSilent ? known->measuresNothing : "";
        addRtmrs(inputs, image, profile ? &*profile : nullptr, out);
    }
    out.registers.push_back(
        RegisterPrediction::unknown("RTMR3", "the guest extends it while it runs; zeros until then"));
    return out;
}

} // namespace teehost::tdx
