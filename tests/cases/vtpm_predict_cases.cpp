// SPDX-License-Identifier: Apache-2.0
#include "cases/vtpm_predict_cases.h"

#include <algorithm>

#include <teehost/kit/file.h>

#include "log/event_log.h"
#include "predict/predict_pcrs.h"

namespace teehost::cases {
namespace {

using namespace vtpm;

constexpr std::uint32_t kRecordedPcrs = 10;
// The banks of the recordings.
constexpr HashAlgorithm kBanks[] = {HashAlgorithm::Sha1, HashAlgorithm::Sha2_256, HashAlgorithm::Sha2_384,
                                    HashAlgorithm::Sha2_512};

const Json& member(const Json& object, const std::string& key)
{
    if (!object.is_object() || !object.contains(key))
        throw NotUnderstood("the input has no \"" + key + "\"");
    return object[key];
}

/// With the digests that `key` gives for a bank, after `prefix` and before `suffix`.
KnownFile knownFile(const Json& json, const std::string& prefix, const std::string& suffix)
{
    KnownFile out{
        json.value("name", "a file known by its digests"), member(json, "size").get<std::uint64_t>(), {}};
    for (const HashAlgorithm bank : kBanks) {
        const auto key = prefix + std::string(kit::nameOf(bank)) + suffix;
        if (!json.contains(key))
            continue;
        const auto digest = kit::fromHex(json[key].get<std::string>());
        if (!digest || digest->size() != kit::sizeOf(bank))
            throw NotUnderstood("\"" + key + "\" is no digest");
        out.digests[bank] = kit::AnyDigest(*digest);
    }
    return out;
}

/// The file where the case has it, else its digests.
InputFile inputFile(const Case& item, const char* name, const std::string& prefix, const std::string& suffix)
{
    if (!item.has(name))
        return {};
    const Json& json = item.input(name);
    if (json.contains("file") && json["file"].is_string())
        return (item.folder() / json["file"].get<std::string>()).string();
    return knownFile(json, prefix, suffix);
}

std::string firmwareCode(const Case& item)
{
    const Json& firmware = item.input("firmware");
    const auto path = "/usr/share/OVMF/" + member(firmware, "file").get<std::string>();
    if (kit::toHex(kit::sha256OfFile(path, "firmware")) != member(firmware, "sha256").get<std::string>())
        throw NotUnderstood(path + " is not the firmware of the recording");
    return path;
}

std::string firmwareVars(const Case& item)
{
    // Those of an earlier boot are not recorded; they began as the package's, and hold the same keys: none.
    const std::string name = item.text("vars");
    return "/usr/share/OVMF/" + (name.find(' ') == std::string::npos ? name : "OVMF_VARS_4M.fd");
}

MachineFacts machineOf(const Case& item)
{
    MachineFacts out;
    const auto board = boardOf(item.text("machine"));
    if (!board)
        throw NotUnderstood("the machine is not known");
    out.shape.board = *board;
    out.shape.memoryBytes = item.number("memory_mib") << 20;
    out.shape.vcpus = static_cast<std::uint32_t>(item.number("smp"));
    out.shape.maxVcpus = static_cast<std::uint32_t>(item.number("maxcpus"));
    out.shape.physicalAddressBits = static_cast<std::uint32_t>(item.number("phys_bits"));
    if (item.text("extra", "").find("option ROM") != std::string::npos)
        out.optionRoms = Unknown{"a device has an option ROM"};
    return out;
}

BootInputs inputsOf(const Case& item)
{
    BootInputs out;
    out.firmwareCode = firmwareCode(item);
    out.firmwareVars = firmwareVars(item);
    out.kernel = inputFile(item, "kernel", "authenticode_", "_as_patched");
    out.initrd = inputFile(item, "initrd", "", "");
    out.cmdline = item.text("cmdline_append", "");
    out.machine = machineOf(item);
    out.qemuVersion = "7.2.22"; // of all recordings
    out.banks.assign(std::begin(kBanks), std::end(kBanks));
    return out;
}

Json digestsOf(const BankPrediction& bank, std::uint32_t pcr, std::uint32_t type)
{
    Json out = Json::array();
    for (const PcrEvent& event : bank.events)
        if (event.pcr == pcr && (event.type == type || type == 0))
            out.push_back(kit::toHex(event.digest.view()));
    return out;
}

Json valuesOf(const BankPrediction& bank)
{
    Json out;
    for (std::uint32_t pcr = 0; pcr < kRecordedPcrs; ++pcr)
        if (bank.values[pcr])
            out[std::to_string(pcr)] = kit::toHex(bank.values[pcr]->view());
    return out;
}

} // namespace

Json predictMeasuredBoot(const Case& item)
{
    FirmwareCache cache;
    const PcrPrediction prediction = predictPcrs(inputsOf(item), cache);
    Json out{{"pcr0_predictable", !prediction.unpredictable.contains(0)},
             {"kernel_measured", !prediction.kernelNotMeasured}};
    for (const BankPrediction& bank : prediction.banks) {
        const std::string name(kit::nameOf(bank.bank));
        out["pcrs_" + name] = valuesOf(bank);
        if (bank.values[0])
            out["pcr0_fv_events_" + name] = digestsOf(bank, 0, event_type::kFirmwareBlob);
        if (bank.values[9])
            out["pcr9_events_" + name] = digestsOf(bank, 9, 0);
        if (const Json kernel = digestsOf(bank, 4, event_type::kBootApplication); kernel.size() == 1)
            out["pcr4_kernel_event"][name] = kernel.front();
    }
    return out;
}

} // namespace teehost::cases
