// SPDX-License-Identifier: Apache-2.0
#include "predict/predict_pcrs.h"

#include <algorithm>

#include <teehost/kit/boot_events.h>
#include <teehost/kit/file.h>
#include <teehost/kit/input_error.h>
#include <teehost/kit/kernel_header.h>
#include <teehost/kit/load_options.h>
#include <teehost/kit/pe_authenticode.h>
#include <teehost/kit/variable_store.h>

#include "predict/firmware_facts.h"
#include "predict/known_qemu.h"
#include "predict/platform_info.h"

namespace teehost::vtpm {
namespace {

constexpr std::size_t kMaxKernelBytes = 512u << 20;
constexpr std::uint64_t kMaxInitrdBytes = UINT32_MAX;

bool isAbsent(const InputFile& file)
{
    const auto* path = std::get_if<std::string>(&file);
    return path != nullptr && path->empty();
}

/// A contribution for each bank that is computed.
using PerBank = std::vector<Contribution>;

PerBank unknownInAll(std::size_t banks, const std::string& reason)
{
    return PerBank(banks, Contribution(Unknown{reason}));
}
PerBank known(const std::vector<kit::AnyDigest>& digests, const std::string& source)
{
    PerBank out;
    for (const kit::AnyDigest& digest : digests)
        out.emplace_back(Known{digest, source});
    return out;
}
PerBank known(const KnownFile& file, const std::vector<HashAlgorithm>& banks)
{
    PerBank out;
    for (const HashAlgorithm bank : banks) {
        const auto found = file.digests.find(bank);
        if (found != file.digests.end())
            out.emplace_back(Known{found->second, file.source});
        else
            out.emplace_back(Unknown{"of " + file.source + " no " + std::string(kit::nameOf(bank)) +
                                     " digest is at hand"});
    }
    return out;
}
PerBank hashed(kit::ByteView bytes, const std::string& source, const std::vector<HashAlgorithm>& banks)
{
    PerBank out;
    for (const HashAlgorithm bank : banks)
        out.emplace_back(Known{kit::hash(bank, bytes), source});
    return out;
}

class Prediction {
public:
    Prediction(const BootInputs& inputs, FirmwareCache& cache) : inputs_(inputs), banks_(inputs.banks)
    {
        // The aggregate is of this bank, whether asked for or not.
        if (inputs.initramfsOnly &&
            std::find(banks_.begin(), banks_.end(), HashAlgorithm::Sha2_256) == banks_.end())
            banks_.push_back(HashAlgorithm::Sha2_256);
        if (!inputs_.firmwareVars.empty()) {
            vars_ = kit::readFile(inputs_.firmwareVars, "variable store", kit::kMaxVariableStoreBytes);
            store_ = kit::VariableStore::parse(vars_);
        }
        readFirmware(cache);
        readVariables();
        if (!isAbsent(inputs_.kernel))
            readDirectBoot();
    }

    PcrPrediction compose()
    {
        PcrPrediction out;
        out.firmware = firmware_.name;
        if (flow_ == BootFlow::DirectNotMeasured || flow_ == BootFlow::DirectRefused)
            out.kernelNotMeasured =
                std::string("the variable store has Secure Boot enforced, which denies a kernel that QEMU "
                            "hands over: the firmware then ") +
                (flow_ == BootFlow::DirectRefused ? "does not start it" : "starts it without measuring it");
        for (std::size_t i = 0; i < banks_.size(); ++i)
            out.banks.push_back(composeBank(banks_[i], digestsOf(i), out.unpredictable));
        if (inputs_.initramfsOnly)
            addAggregates(out);
        out.banks.resize(inputs_.banks.size());
        return out;
    }

private:
    void readFirmware(FirmwareCache& cache);
    void readCalibrated(const CalibratedBoot& boot);
    void readBuild(const FirmwareBuild& build, const UnpackedFirmware& unpacked);
    void readVersion();
    void readVariables();
    [[nodiscard]] PerBank readSecureBoot();
    [[nodiscard]] BootFlow directFlow() const;
    [[nodiscard]] std::optional<std::string> silentKernel() const;
    /// Empty when there is none.
    [[nodiscard]] kit::ByteView variable(const kit::Guid& vendor, std::string_view name) const
    {
        return store_ ? store_->find(vendor, name).value_or(kit::ByteView()) : kit::ByteView();
    }
    void readBootVariables(const kit::VariableStore& store);
    void readDirectBoot();
    [[nodiscard]] PerBank readKernel(std::optional<std::uint64_t> initrd_size) const;
    [[nodiscard]] BootDigests digestsOf(std::size_t bank) const;
    void addAggregates(PcrPrediction& out) const;

    const BootInputs& inputs_;
    std::vector<HashAlgorithm> banks_;
    BootFlow flow_ = BootFlow::Disk;
    FirmwareFacts firmware_;
    PerBank pei_, dxe_;
    kit::Bytes vars_;                         ///< what store_ views
    std::optional<kit::VariableStore> store_; ///< none without a firmware that has variables
    bool secureBoot_ = false;                 ///< enforced, or may be
    PerBank version_, kernel_, bootOrder_, bootOption_;
    std::optional<PerBank> initrd_, loadOptions_;
    std::vector<std::pair<std::string, PerBank>> policyVariables_;
};

void Prediction::readFirmware(FirmwareCache& cache)
{
    const std::string& path = inputs_.firmwareCode;
    const kit::Sha256Digest sha256 = kit::sha256OfFile(path, "firmware");
    firmware_ = FirmwareFacts::of(sha256, inputs_.calibration, inputs_.machine.shape);
    readVersion();
    if (firmware_.calibrated != nullptr)
        readCalibrated(*firmware_.calibrated);
    else if (firmware_.build != nullptr && firmware_.build->pei)
        readBuild(*firmware_.build, *cache.unpack(path, sha256));
    else if (!firmware_.told.empty())
        pei_ = dxe_ =
            unknownInAll(banks_.size(), "this firmware was calibrated on other machines than this one: " +
                                            toText(inputs_.machine.shape));
    else
        pei_ = dxe_ = unknownInAll(banks_.size(),
                                   "it is not known what this firmware writes into itself before it measures "
                                   "itself (SHA-256 " +
                                       kit::toHex(sha256) + "); calibrate it");
}

void Prediction::readVersion()
{
    const auto version = firmware_.version();
    version_ = version ? hashed(versionEvent(*version), firmware_.name, banks_)
                       : unknownInAll(banks_.size(), "the version that this firmware measures is not known; "
                                                     "its calibration can tell it (firmware_version)");
}

void Prediction::readCalibrated(const CalibratedBoot& boot)
{
    const std::string source = "calibrated: " + toText(boot.shape);
    for (const HashAlgorithm bank : banks_) {
        const auto found = boot.volumes.find(bank);
        if (found == boot.volumes.end()) {
            const Unknown missing{"it was calibrated without the bank " + std::string(kit::nameOf(bank))};
            pei_.emplace_back(missing);
            dxe_.emplace_back(missing);
            continue;
        }
        pei_.emplace_back(Known{found->second.pei, source});
        dxe_.emplace_back(Known{found->second.dxe, source});
    }
}

void Prediction::readBuild(const FirmwareBuild& build, const UnpackedFirmware& unpacked)
{
    for (const HashAlgorithm bank : banks_)
        dxe_.emplace_back(Known{unpacked.dxeDigest(bank), inputs_.firmwareCode});
    const MachineFacts& machine = inputs_.machine;
    auto reason = unpredictableShape(build, machine.shape);
    if (machine.firmwareView)
        reason = machine.firmwareView->reason;
    const kit::ByteView pei = unpacked.volumes().pei();
    kit::Bytes volume(pei.begin(), pei.end());
    if (!reason)
        reason = writeMemoryTypes(volume, *build.pei,
                                  variable(kit::kMemoryTypeInformation, "MemoryTypeInformation"));
    if (reason) {
        pei_ = unknownInAll(banks_.size(), *reason);
        return;
    }
    writeMachine(volume, build, machine.shape);
    pei_ = hashed(volume, inputs_.firmwareCode + " on " + toText(machine.shape), banks_);
}

void Prediction::readVariables()
{
    constexpr std::pair<const kit::Guid*, std::string_view> kPolicy[] = {{&kit::kGlobalVariable, "PK"},
                                                                         {&kit::kGlobalVariable, "KEK"},
                                                                         {&kit::kImageSecurity, "db"},
                                                                         {&kit::kImageSecurity, "dbx"}};
    const std::string& path = inputs_.firmwareVars;
    if (!store_) {
        const PerBank unknown = unknownInAll(banks_.size(), "the VM has no UEFI variable store");
        policyVariables_.emplace_back("SecureBoot", unknown);
        bootOrder_ = bootOption_ = unknown;
        return;
    }
    policyVariables_.emplace_back("SecureBoot", readSecureBoot());
    for (const auto& [vendor, name] : kPolicy)
        policyVariables_.emplace_back(
            name, hashed(kit::variableEvent(*vendor, name, variable(*vendor, name)), path, banks_));
    readBootVariables(*store_);
}

/// A firmware without Secure Boot has no such variable, and enforces nothing whatever the store holds.
PerBank Prediction::readSecureBoot()
{
    const auto built = firmware_.hasSecureBoot();
    secureBoot_ = built.value_or(true) && store_->enforcesSecureBoot();
    if (!built)
        return unknownInAll(banks_.size(), "it is not known whether this firmware is built with Secure Boot; "
                                           "its calibration can tell (secure_boot)");
    const std::uint8_t enforced = secureBoot_ ? 1 : 0;
    const kit::ByteView data = *built ? kit::ByteView(&enforced, 1) : kit::ByteView();
    return hashed(kit::variableEvent(kit::kGlobalVariable, "SecureBoot", data), inputs_.firmwareVars, banks_);
}

/// The boot manager writes both before it measures them: its own setup application is the only option unless
/// the store brings others.
void Prediction::readBootVariables(const kit::VariableStore& store)
{
    const auto order = store.find(kit::kGlobalVariable, "BootOrder");
    const auto option = store.find(kit::kGlobalVariable, "Boot0000");
    if (firmware_.behaviour() == nullptr)
        bootOption_ = unknownInAll(banks_.size(), "the boot options that this firmware makes are not known");
    else if ((order && !kit::equal(*order, kit::kFirstOptionOnly)) ||
             (option && !kit::equal(*option, kit::kSetupBootOption)))
        bootOption_ =
            unknownInAll(banks_.size(), "the variable store has boot options of its own, some of which "
                                        "the firmware may drop");
    else
        bootOption_ = hashed(kit::kSetupBootOption, firmware_.name, banks_);
    bootOrder_ = hashed(kit::kFirstOptionOnly, inputs_.firmwareVars, banks_);
}

/// A header that was filled in breaks the kernel's signature, if it has one.
BootFlow Prediction::directFlow() const
{
    if (!secureBoot_)
        return BootFlow::Direct;
    const FirmwareBehaviour* behaviour = firmware_.behaviour();
    const auto form = kernelFormOf(inputs_.qemuVersion, behaviour);
    const auto* known = std::get_if<KernelForm>(&form);
    if (behaviour == nullptr || known == nullptr || *known != KernelForm::HeaderFilledIn)
        return BootFlow::DirectPerhaps;
    return behaviour->deniedKernel == DeniedKernel::Refused ? BootFlow::DirectRefused
                                                            : BootFlow::DirectNotMeasured;
}

/// Says why the kernel may not measure what it is started with: its EFI stub does so from Linux 6.1 on, and
/// measured the initrd alone before.
std::optional<std::string> Prediction::silentKernel() const
{
    constexpr kit::LinuxVersion kFirst{6, 1};
    const auto* path = std::get_if<std::string>(&inputs_.kernel);
    const auto version = path != nullptr ? kit::linuxVersionOf(*path) : std::nullopt;
    if (!version || *version >= kFirst)
        return std::nullopt;
    return "whether Linux " + toText(*version) + " measures its command line was not examined";
}

void Prediction::readDirectBoot()
{
    if (const auto reason = kit::unpredictableCmdline(inputs_.cmdline))
        throw kit::InputError("bad_cmdline", *reason);
    flow_ = directFlow();
    std::optional<std::uint64_t> initrdSize;
    if (const auto* file = std::get_if<KnownFile>(&inputs_.initrd)) {
        initrdSize = file->size;
        initrd_ = known(*file, banks_);
    } else if (!isAbsent(inputs_.initrd)) {
        const std::string& path = std::get<std::string>(inputs_.initrd);
        const kit::FileDigests hashes = kit::hashFile(path, "initrd", banks_);
        initrdSize = hashes.size;
        initrd_ = known(hashes.digests, path);
    }
    if (initrdSize && *initrdSize > kMaxInitrdBytes)
        throw kit::InputError("bad_kernel", "the initrd is longer than 4 GiB");
    kernel_ = readKernel(initrdSize);
    if (inputs_.cmdline.empty() && !initrdSize)
        return;
    if (inputs_.machine.shim) {
        loadOptions_ = unknownInAll(banks_.size(), inputs_.machine.shim->reason);
        return;
    }
    if (const auto reason = silentKernel()) {
        loadOptions_ = unknownInAll(banks_.size(), *reason);
        return;
    }
    const auto form = firmware_.loadOptions();
    loadOptions_ =
        form ? hashed(kit::loadOptions(inputs_.cmdline, initrdSize.has_value(), *form), inputs_.cmdline,
                      banks_)
             : unknownInAll(banks_.size(), "how this firmware hands the command line on is not known");
}

PerBank Prediction::readKernel(std::optional<std::uint64_t> initrd_size) const
{
    if (inputs_.machine.shim)
        return unknownInAll(banks_.size(), inputs_.machine.shim->reason);
    const auto form = kernelFormOf(inputs_.qemuVersion, firmware_.behaviour());
    if (const auto* unknown = std::get_if<Unknown>(&form))
        return unknownInAll(banks_.size(), unknown->reason);
    const bool isFilledIn = std::get<KernelForm>(form) == KernelForm::HeaderFilledIn;
    if (inputs_.machine.memoryLayout) // or a machine that nobody examined at all
        return unknownInAll(banks_.size(), inputs_.machine.memoryLayout->reason);
    if (const auto* file = std::get_if<KnownFile>(&inputs_.kernel)) {
        return isFilledIn ? known(*file, banks_)
                          : unknownInAll(banks_.size(), "of " + file->source +
                                                            " only the digest of the form "
                                                            "that QEMU fills in is at hand");
    }
    const std::string& path = std::get<std::string>(inputs_.kernel);
    kit::Bytes kernel = kit::readFile(path, "kernel", kMaxKernelBytes);
    if (isFilledIn)
        kit::patchKernelHeader(kernel, inputs_.machine.shape.lowMemory(), initrd_size);
    return known(kit::authenticode(kernel, banks_),
                 isFilledIn ? path + ", its header filled in by QEMU" : path);
}

BootDigests Prediction::digestsOf(std::size_t bank) const
{
    BootDigests out;
    out.flow = flow_;
    const FirmwareBehaviour* behaviour = firmware_.behaviour();
    if (behaviour == nullptr)
        out.unexamined = Unknown{"what this firmware measures was not examined (" + firmware_.name +
                                 "); a calibration can tell what it behaves like (behaves_like)"};
    else if (!behaviour->otherInPcr1.empty())
        out.otherInPcr1 = Unknown{std::string(behaviour->otherInPcr1)};
    if (flow_ == BootFlow::Disk)
        out.authority = Unknown{"a boot from a disk extends it with the certificate that vouches for what "
                                "is started, or with the words of a shim, which are not among the inputs"};
    else if (flow_ == BootFlow::DirectPerhaps)
        out.authority =
            Unknown{"the certificate that vouches for the kernel under Secure Boot is not computed"};
    if (inputs_.machine.shim)
        out.authority = inputs_.machine.shim;
    out.version = version_[bank];
    out.peiVolume = pei_[bank];
    out.dxeVolume = dxe_[bank];
    for (const auto& [name, events] : policyVariables_)
        out.policyVariables.push_back({name, events[bank]});
    out.bootOrder = bootOrder_[bank];
    out.bootOption = bootOption_[bank];
    out.optionRoms = inputs_.machine.optionRoms;
    if (flow_ == BootFlow::Disk)
        return out;
    out.kernel = kernel_[bank];
    if (loadOptions_)
        out.loadOptions = (*loadOptions_)[bank];
    if (initrd_)
        out.initrd = (*initrd_)[bank];
    return out;
}

void Prediction::addAggregates(PcrPrediction& out) const
{
    const auto sha256 = std::find_if(out.banks.begin(), out.banks.end(), [](const BankPrediction& bank) {
        return bank.bank == HashAlgorithm::Sha2_256;
    });
    for (BankPrediction& bank : out.banks)
        addImaAggregate(bank, *sha256, *inputs_.initramfsOnly, out.unpredictable);
}

PcrPrediction nothingOf(const BootInputs& inputs, const std::string& reason)
{
    PcrPrediction out;
    for (const HashAlgorithm bank : inputs.banks)
        out.banks.push_back({bank, {}, {}});
    for (std::uint32_t pcr = 0; pcr <= 16; ++pcr)
        out.unpredictable.emplace(pcr, reason);
    return out;
}

} // namespace

PcrPrediction predictPcrs(const BootInputs& inputs, FirmwareCache& cache)
{
    if (inputs.firmwareCode.empty())
        return nothingOf(inputs, "the VM has no UEFI firmware");
    return Prediction(inputs, cache).compose();
}

} // namespace teehost::vtpm
