// SPDX-License-Identifier: Apache-2.0
#include "predict/pcr_events.h"

#include <set>

#include <teehost/kit/boot_events.h>
#include <teehost/kit/byte_writer.h>

#include "log/event_log.h"

namespace teehost::vtpm {
namespace {

/// Collects the events of one bank; a PCR with an unknown one among them gets no value.
class Collector {
public:
    Collector(HashAlgorithm bank, std::map<std::uint32_t, std::string>& unpredictable)
        : hasher_(bank), unpredictable_(unpredictable)
    {
        out_.bank = bank;
    }

    void data(std::uint32_t pcr, std::uint32_t type, std::string what, kit::ByteView bytes)
    {
        add({pcr, type, std::move(what), "", hasher_.of(bytes)});
    }
    void text(std::uint32_t pcr, std::uint32_t type, std::string_view text)
    {
        data(pcr, type, std::string(text), kit::viewOf(text));
    }
    void input(std::uint32_t pcr, std::uint32_t type, std::string what, const Contribution& input)
    {
        if (const auto* known = std::get_if<Known>(&input))
            add({pcr, type, std::move(what), known->source, known->digest});
        else
            unknown(pcr, std::get<Unknown>(input).reason);
    }
    void unknown(std::uint32_t pcr, const std::string& reason)
    {
        undetermined_.insert(pcr);
        unpredictable_.try_emplace(pcr, reason);
    }
    void separator(std::uint32_t pcr) { data(pcr, event_type::kSeparator, "separator", kit::kSeparator); }

    BankPrediction finish(std::span<const std::uint32_t> zero)
    {
        for (const PcrEvent& event : out_.events)
            out_.values[event.pcr] = kit::AnyDigest::filled(kit::sizeOf(out_.bank), 0);
        for (const std::uint32_t pcr : zero)
            out_.values[pcr] = kit::AnyDigest::filled(kit::sizeOf(out_.bank), 0);
        for (const PcrEvent& event : out_.events)
            extendRegister(hasher_, *out_.values[event.pcr], event.digest.view());
        for (const std::uint32_t pcr : undetermined_)
            out_.values[pcr].reset();
        return std::move(out_);
    }

private:
    void add(PcrEvent event) { out_.events.push_back(std::move(event)); }

    BankPrediction out_;
    kit::AnyHasher hasher_;
    std::set<std::uint32_t> undetermined_;
    std::map<std::uint32_t, std::string>& unpredictable_;
};

void addFirmware(Collector& out, const BootDigests& digests)
{
    if (digests.unexamined)
        for (std::uint32_t pcr = 1; pcr <= 7; ++pcr)
            out.unknown(pcr, digests.unexamined->reason);
    out.input(0, event_type::kCrtmVersion, "firmware version", digests.version);
    out.input(0, event_type::kFirmwareBlob, "PEIFV as the firmware has changed it for this machine",
              digests.peiVolume);
    out.input(0, event_type::kFirmwareBlob, "DXEFV", digests.dxeVolume);
    for (const auto& variable : digests.policyVariables)
        out.input(7, event_type::kVariableDriverConfig, "variable " + variable.name, variable.event);
    out.separator(7);
    if (digests.authority)
        out.unknown(7, digests.authority->reason);
    if (digests.otherInPcr1)
        out.unknown(1, digests.otherInPcr1->reason);
    if (digests.optionRoms)
        out.unknown(2, digests.optionRoms->reason);
}

/// What the boot manager measures until it is ready to boot. OVMF loads a kernel from QEMU before that.
void addBootManager(Collector& out, const BootDigests& digests)
{
    if (digests.flow == BootFlow::Direct)
        out.input(4, event_type::kBootApplication, "kernel", digests.kernel);
    out.input(1, event_type::kVariableBoot, "variable BootOrder", digests.bootOrder);
    out.input(1, event_type::kVariableBoot, "variable Boot0000", digests.bootOption);
    out.text(4, event_type::kEfiAction, kit::kCallingApplication);
    for (std::uint32_t pcr = 0; pcr <= 6; ++pcr)
        out.separator(pcr);
}

void addKernelStart(Collector& out, const BootDigests& digests)
{
    // The stub of a kernel that was started as an EFI application measures them; without load options, or
    // with the kernel started otherwise, only the initrd, by the firmware's load file protocol.
    if (digests.flow == BootFlow::Direct && digests.loadOptions)
        out.input(9, event_type::kEventTag, "command line (load options)", *digests.loadOptions);
    if (digests.initrd)
        out.input(9, event_type::kEventTag, "initrd", *digests.initrd);
    out.text(5, event_type::kEfiAction, kit::kExitInvocation);
    out.text(5, event_type::kEfiAction, kit::kExitReturned);
}

/// Says why it is not known what is started.
std::string_view openStart(BootFlow flow)
{
    switch (flow) {
    case BootFlow::Disk:
        return "what a disk boots is not among the inputs";
    case BootFlow::DirectRefused:
        return "the firmware does not start the kernel";
    default:
        return "Secure Boot is enforced, and whether it lets the kernel start is not computed";
    }
}

void giveUpOnStart(Collector& out, std::string_view reason)
{
    for (const std::uint32_t pcr : {1u, 4u, 5u, 8u, 9u})
        out.unknown(pcr, std::string(reason));
}

/// The template's data (Linux, security/integrity/ima/ima_template_lib.c): fields, each behind its length.
kit::Bytes aggregateRecord(const kit::AnyDigest& aggregate, ImaTemplate form)
{
    using namespace std::literals;
    kit::ByteWriter out;
    const auto field = [&](std::initializer_list<kit::ByteView> parts) {
        std::size_t size = 0;
        for (const kit::ByteView part : parts)
            size += part.size();
        out.u32(static_cast<std::uint32_t>(size));
        for (const kit::ByteView part : parts)
            out.bytes(part);
    };
    field({kit::viewOf("sha256:\0"sv), aggregate.view()});
    field({kit::viewOf("boot_aggregate\0"sv)});
    if (form == ImaTemplate::Sig)
        field({}); // no signature
    return out.take();
}

} // namespace

BankPrediction composeBank(HashAlgorithm bank, const BootDigests& digests,
                           std::map<std::uint32_t, std::string>& unpredictable)
{
    Collector out(bank, unpredictable);
    addFirmware(out, digests);
    addBootManager(out, digests);
    const bool starts = digests.flow == BootFlow::Direct || digests.flow == BootFlow::DirectNotMeasured;
    if (starts)
        addKernelStart(out, digests);
    else
        giveUpOnStart(out, openStart(digests.flow));
    // What nobody extends stays zero: 9 without command line and initrd; the rest in any boot without GRUB,
    // shim or systemd-stub. 16 is the guest's to reset.
    constexpr std::array<std::uint32_t, 8> kZero{8, 9, 11, 12, 13, 14, 15, 16};
    return out.finish(starts ? kZero : std::span<const std::uint32_t>());
}

void addImaAggregate(BankPrediction& bank, const BankPrediction& sha256, ImaTemplate form,
                     std::map<std::uint32_t, std::string>& unpredictable)
{
    constexpr std::uint32_t kImaPcr = 10;
    if (bank.bank != HashAlgorithm::Sha1 && bank.bank != HashAlgorithm::Sha2_256) {
        unpredictable.try_emplace(kImaPcr, "whether IMA extends the bank " +
                                               std::string(kit::nameOf(bank.bank)) +
                                               " with a digest of its own depends on the kernel");
        return;
    }
    kit::AnyHasher aggregate(HashAlgorithm::Sha2_256);
    for (std::uint32_t pcr = 0; pcr <= 9; ++pcr) {
        if (!sha256.values[pcr]) {
            unpredictable.try_emplace(kImaPcr, "it contains PCR " + std::to_string(pcr));
            return;
        }
        aggregate.update(sha256.values[pcr]->view());
    }
    const kit::AnyDigest digest = kit::hash(bank.bank, aggregateRecord(aggregate.finish(), form));
    kit::AnyHasher hasher(bank.bank);
    auto& value = bank.values[kImaPcr].emplace(kit::AnyDigest::filled(kit::sizeOf(bank.bank), 0));
    extendRegister(hasher, value, digest.view());
    bank.events.push_back({kImaPcr, 0, "boot_aggregate of PCRs 0 to 9", "", digest});
}

const kit::AnyDigest& kernelNotMeasuredPcr4(HashAlgorithm bank)
{
    const auto composed = [](HashAlgorithm one) {
        std::map<std::uint32_t, std::string> unused;
        BootDigests digests;
        digests.flow = BootFlow::DirectNotMeasured;
        return composeBank(one, digests, unused).values[4].value();
    };
    // Asked for with every verdict, and always the same.
    static const std::array<kit::AnyDigest, 4> kValues{
        composed(HashAlgorithm::Sha1), composed(HashAlgorithm::Sha2_256), composed(HashAlgorithm::Sha2_384),
        composed(HashAlgorithm::Sha2_512)};
    return kValues.at(static_cast<std::size_t>(bank));
}

} // namespace teehost::vtpm
