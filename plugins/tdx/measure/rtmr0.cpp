// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include <teehost/kit/boot_events.h>
#include <teehost/kit/input_error.h>
#include <teehost/kit/reader.h>
#include <teehost/kit/variable_store.h>

#include "tdx/measure/rtmr_predictions.h"
#include "tdx/measure/td_hob.h"

namespace teehost::tdx {
namespace {

constexpr std::string_view kName = "RTMR0";

/// Why the register is not predicted.
class Unpredictable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

kit::VariableStore storeOf(const TdvfImage& image)
{
    const TdvfSection* cfv = image.find(SectionType::Cfv);
    if (cfv == nullptr)
        throw Unpredictable("the firmware has no variable store (CFV)");
    return kit::VariableStore::parse(image.rawOf(*cfv));
}

/// edk2 as of 2024 measured the files only.
enum class BootMenu { NotMeasured, Measured };

void addFwCfg(const TdInputs& inputs, BootMenu bootMenu, TdEvents& out)
{
    if (!inputs.fwCfg)
        throw Unpredictable(
            "this firmware measures fw_cfg items, which only the QEMU of a VM that is launched tells");
    for (const std::string_view name : kMeasuredFwCfg)
        for (const FwCfgItem& item : *inputs.fwCfg)
            if (item.name == name && (name != kBootMenu || bootMenu == BootMenu::Measured))
                out.push_back({"fw_cfg " + item.name, "", kit::sha384(item.content)});
}

void addPolicyVariables(const kit::VariableStore& store, const FirmwareProfile& profile,
                        const std::string& source, TdEvents& out)
{
    struct Variable {
        const kit::Guid* vendor;
        std::string_view name;
    };
    static constexpr std::array kVariables{
        Variable{&kit::kGlobalVariable, "PK"}, Variable{&kit::kGlobalVariable, "KEK"},
        Variable{&kit::kImageSecurity, "db"}, Variable{&kit::kImageSecurity, "dbx"}};
    const auto add = [&](const kit::Guid& vendor, std::string_view name, kit::ByteView data) {
        out.push_back(
            {"variable " + std::string(name), source, kit::sha384(kit::variableEvent(vendor, name, data))});
    };
    const std::uint8_t enforced = store.enforcesSecureBoot() ? 1 : 0;
    // A firmware without Secure Boot has no such variable, and measures that.
    const bool exists = profile.hasSecureBoot || store.find(kit::kGlobalVariable, "PK").has_value();
    add(kit::kGlobalVariable, "SecureBoot", exists ? kit::ByteView(&enforced, 1) : kit::ByteView());
    for (const Variable& variable : kVariables)
        add(*variable.vendor, variable.name,
            store.find(*variable.vendor, variable.name).value_or(kit::ByteView()));
}

void addAcpi(const TdInputs& inputs, TdEvents& out)
{
    if (!inputs.acpi)
        throw Unpredictable(inputs.noAcpi.empty() ? "the machine's ACPI tables are not known"
                                                  : inputs.noAcpi);
    const AcpiTables& acpi = *inputs.acpi;
    const std::string source = acpi.source.empty() ? std::string(nameOf(acpi.origin)) : acpi.source;
    out.push_back({"ACPI etc/table-loader", source, acpi.loader});
    out.push_back({"ACPI etc/acpi/rsdp", source, acpi.rsdp});
    out.push_back({"ACPI etc/acpi/tables", source, acpi.tables});
}

/// The boot manager writes both before it measures them: its own setup application is the only option unless
/// the store brings others.
void addBootVariables(const kit::VariableStore& store, TdEvents& out)
{
    const auto order = store.find(kit::kGlobalVariable, "BootOrder");
    const auto option = store.find(kit::kGlobalVariable, "Boot0000");
    if ((order && !kit::equal(*order, kit::kFirstOptionOnly)) ||
        (option && !kit::equal(*option, kit::kSetupBootOption)))
        throw Unpredictable("the variable store has boot options of its own, some of which the firmware may "
                            "drop");
    out.push_back({"variable BootOrder", "", kit::sha384(kit::kFirstOptionOnly)});
    out.push_back({"variable Boot0000", "", kit::sha384(kit::kSetupBootOption)});
}

TdEvents eventsOf(const TdInputs& inputs, const TdvfImage& image, const FirmwareProfile& profile,
                  BootMenu bootMenu)
{
    if (!inputs.otherMemoryLayout.empty())
        throw Unpredictable(inputs.otherMemoryLayout);
    if (profile.measuresSmbios)
        throw Unpredictable("this firmware measures SMBIOS tables, which are not computed");
    if (inputs.kernel.empty())
        throw Unpredictable("the boot options that the firmware makes of a VM's disks are not computed");
    const kit::VariableStore store = storeOf(image);
    if (store.enforcesSecureBoot())
        throw Unpredictable(
            "the firmware's variable store has Secure Boot enforced, and the certificate that "
            "vouches for the kernel is not among the inputs");
    TdEvents out;
    out.push_back({"TD HOB", std::to_string(inputs.memoryBytes >> 20) + " MiB of memory",
                   kit::sha384(tdHob(image.sections, inputs.memoryBytes))});
    out.push_back(
        {"variable store (CFV)", inputs.firmware, kit::sha384(image.rawOf(*image.find(SectionType::Cfv)))});
    if (profile.measuresFwCfg)
        addFwCfg(inputs, bootMenu, out);
    addPolicyVariables(store, profile, inputs.firmware, out);
    out.push_back(separatorEvent("separator"));
    addAcpi(inputs, out);
    addBootVariables(store, out);
    if (profile.readyToBoot == ReadyToBoot::Rtmr0)
        out.push_back(separatorEvent("separator, ready to boot"));
    return out;
}

} // namespace

RegisterPrediction predictRtmr0(const TdInputs& inputs, const TdvfImage& image,
                                const FirmwareProfile& profile)
{
    RegisterPrediction out{std::string(kName)};
    try {
        out.add(profile.measuresFwCfg ? "firmware that measures BootMenu" : "",
                eventsOf(inputs, image, profile, BootMenu::Measured));
        if (profile.measuresFwCfg)
            out.add("firmware that measures the files of fw_cfg only",
                    eventsOf(inputs, image, profile, BootMenu::NotMeasured));
    } catch (const Unpredictable& e) {
        out.reason = e.what();
    } catch (const kit::InputError& e) {
        out.reason = e.what();
    }
    return out;
}

TdEvents rtmr0WithoutAcpi(TdInputs inputs, const TdvfImage& image, const FirmwareProfile& profile)
{
    inputs.acpi = AcpiTables{};
    RegisterPrediction prediction = predictRtmr0(inputs, image, profile);
    return prediction.candidates.empty() ? TdEvents() : std::move(prediction.candidates.front().events);
}

std::optional<bool> enforcesSecureBoot(const TdvfImage& image)
{
    try {
        return storeOf(image).enforcesSecureBoot();
    } catch (const Unpredictable&) {
        return std::nullopt;
    } catch (const kit::InputError&) {
        return std::nullopt;
    }
}

} // namespace teehost::tdx
