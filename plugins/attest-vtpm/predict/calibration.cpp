// SPDX-License-Identifier: Apache-2.0
#include "predict/calibration.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <teehost/kit/input_error.h>

#include "tpm_algorithm.h"

namespace teehost::vtpm {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kReason = "bad_calibration";
constexpr std::size_t kMaxBytes = 1u << 20;
constexpr std::string_view kInitrdLast = "initrd-last", kInitrdFirst = "initrd-first";

[[noreturn]] void refuse(const std::string& why) { throw kit::InputError(kReason, "the calibration " + why); }

const Json& member(const Json& object, const char* key)
{
    const auto found = object.is_object() ? object.find(key) : object.end();
    if (found == object.end())
        refuse("lacks \"" + std::string(key) + "\"");
    return *found;
}

std::uint64_t number(const Json& object, const char* key, std::uint64_t most)
{
    const Json& value = member(object, key);
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most)
        refuse("has no number up to " + std::to_string(most) + " as \"" + key + "\"");
    return value.get<std::uint64_t>();
}

std::string text(const Json& object, const char* key)
{
    const Json& value = member(object, key);
    if (!value.is_string())
        refuse("has no text as \"" + std::string(key) + "\"");
    return value.get<std::string>();
}

bool truth(const Json& object, const char* key)
{
    const Json& value = member(object, key);
    if (!value.is_boolean())
        refuse("has neither true nor false as \"" + std::string(key) + "\"");
    return value.get<bool>();
}

kit::AnyDigest digest(const Json& object, const char* key, kit::HashAlgorithm algorithm)
{
    const auto bytes = kit::fromHex(text(object, key));
    if (!bytes || bytes->size() != kit::sizeOf(algorithm))
        refuse("has no " + std::string(kit::nameOf(algorithm)) + " digest as \"" + key + "\"");
    return kit::AnyDigest(*bytes);
}

MachineShape readShape(const Json& json)
{
    MachineShape shape;
    const auto board = boardOf(text(json, "board"));
    if (!board)
        refuse("has an unknown board");
    shape.board = *board;
    const auto vendor = vendorNamed(text(json, "cpu_vendor"));
    if (!vendor)
        refuse("has an unknown vendor of CPUs");
    shape.vendor = *vendor;
    shape.memoryBytes = number(json, "memory_bytes", 1ull << 52);
    shape.vcpus = static_cast<std::uint32_t>(number(json, "vcpus", 4096));
    shape.maxVcpus = static_cast<std::uint32_t>(number(json, "max_vcpus", 4096));
    shape.physicalAddressBits = static_cast<std::uint32_t>(number(json, "physical_address_bits", 64));
    if (json.contains("hotplug_bytes"))
        shape.hotplugBytes = number(json, "hotplug_bytes", 1ull << 52);
    shape.smm = truth(json, "smm");
    return shape;
}

void readBehaviour(const Json& json, CalibratedBoot& boot)
{
    if (json.contains("behaves_like")) {
        const std::string name = text(json, "behaves_like");
        boot.behaviour = findBehaviour(name);
        if (boot.behaviour == nullptr)
            refuse("has the unknown behaviour \"" + name + "\"");
    }
    if (json.contains("firmware_version")) {
        boot.version = text(json, "firmware_version");
        if (!std::all_of(boot.version->begin(), boot.version->end(),
                         [](char c) { return c >= ' ' && c <= '~'; }))
            refuse("has a firmware_version with more than printable ASCII");
    }
    if (json.contains("secure_boot"))
        boot.hasSecureBoot = truth(json, "secure_boot");
}

CalibratedBoot readBoot(const Json& json)
{
    CalibratedBoot boot;
    const kit::AnyDigest firmware = digest(json, "firmware_sha256", kit::HashAlgorithm::Sha2_256);
    std::copy(firmware.view().begin(), firmware.view().end(), boot.firmware.begin());
    boot.shape = readShape(member(json, "machine"));
    if (json.contains("load_options")) {
        const std::string form = text(json, "load_options");
        if (form != kInitrdLast && form != kInitrdFirst)
            refuse("has an unknown form of load options");
        boot.loadOptions =
            form == kInitrdLast ? kit::LoadOptionsForm::InitrdLast : kit::LoadOptionsForm::InitrdFirst;
    }
    readBehaviour(json, boot);
    const Json& volumes = member(json, "volumes");
    if (!volumes.is_object() || volumes.empty())
        refuse("has no digests of volumes");
    for (const auto& [name, pair] : volumes.items()) {
        const auto bank = bankNamed(name);
        if (!bank)
            refuse("has digests of a bank that is not known");
        boot.volumes[*bank] = {digest(pair, "pei", *bank), digest(pair, "dxe", *bank)};
    }
    return boot;
}

Json toJson(const CalibratedBoot& boot)
{
    const MachineShape& shape = boot.shape;
    Json json{{"firmware_sha256", kit::toHex(boot.firmware)},
              {"machine",
               {{"board", nameOf(shape.board)},
                {"memory_bytes", shape.memoryBytes},
                {"vcpus", shape.vcpus},
                {"max_vcpus", shape.maxVcpus},
                {"cpu_vendor", nameOf(shape.vendor)},
                {"physical_address_bits", shape.physicalAddressBits},
                {"smm", shape.smm}}}};
    if (shape.hotplugBytes != 0)
        json["machine"]["hotplug_bytes"] = shape.hotplugBytes;
    if (boot.loadOptions)
        json["load_options"] =
            *boot.loadOptions == kit::LoadOptionsForm::InitrdLast ? kInitrdLast : kInitrdFirst;
    if (boot.behaviour != nullptr)
        json["behaves_like"] = boot.behaviour->name;
    if (boot.version)
        json["firmware_version"] = *boot.version;
    if (boot.hasSecureBoot)
        json["secure_boot"] = *boot.hasSecureBoot;
    for (const auto& [bank, volumes] : boot.volumes)
        json["volumes"][std::string(kit::nameOf(bank))] = {{"pei", kit::toHex(volumes.pei.view())},
                                                           {"dxe", kit::toHex(volumes.dxe.view())}};
    return json;
}

} // namespace

Calibration Calibration::parse(std::string_view json)
{
    if (json.size() > kMaxBytes)
        refuse("is longer than " + std::to_string(kMaxBytes) + " bytes");
    const Json document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
    if (!document.is_object())
        refuse("is not a JSON object");
    if (number(document, "version", UINT64_MAX) != 1)
        refuse("is of an unknown version");
    const Json& boots = member(document, "boots");
    if (!boots.is_array())
        refuse("has no list of boots");
    Calibration out;
    for (const Json& boot : boots)
        out.add(readBoot(boot));
    return out;
}

std::string Calibration::toJson() const
{
    Json boots = Json::array();
    for (const CalibratedBoot& boot : boots_)
        boots.push_back(vtpm::toJson(boot));
    return Json{{"version", 1}, {"boots", std::move(boots)}}.dump(2) + "\n";
}

const CalibratedBoot* Calibration::find(const kit::Sha256Digest& firmware,
                                        const MachineShape& shape) const noexcept
{
    const auto found = std::find_if(boots_.begin(), boots_.end(), [&](const CalibratedBoot& boot) {
        return boot.firmware == firmware && boot.shape == shape;
    });
    return found == boots_.end() ? nullptr : &*found;
}

std::vector<const CalibratedBoot*> Calibration::findAll(const kit::Sha256Digest& firmware,
                                                        const MachineShape& shape) const
{
    std::vector<const CalibratedBoot*> out;
    for (const CalibratedBoot& boot : boots_)
        if (boot.firmware == firmware)
            out.push_back(&boot);
    std::stable_partition(out.begin(), out.end(),
                          [&](const CalibratedBoot* boot) { return boot->shape == shape; });
    return out;
}

} // namespace teehost::vtpm
