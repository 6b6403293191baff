// SPDX-License-Identifier: Apache-2.0
//
// The registers that a TD's launch must lead to, as reference values.
#include <algorithm>
#include <string>

#include <teehost/kit/evidence_file.h>
#include <teehost/kit/file.h>
#include <teehost/kit/input_error.h>
#include <teehost/kit/qemu_command_line.h>

#include "tdx/acpi_machine.h"
#include "tdx/config_id.h"
#include "tdx/measure/reference_values.h"
#include "tdx/measure/td_log.h"
#include "tdx/measure/tell_measurement.h"
#include "tdx/operator_error.h"
#include "tdx/tdx.h"

namespace teehost::tdx {
namespace {

constexpr std::string_view kTables = "etc/acpi/tables", kRsdp = "etc/acpi/rsdp", kLoader = "etc/table-loader";

/// Who asks about no particular VM and names a firmware means that one.
std::string firmwareOf(const Configuration& configuration, const sdk::Vm& vm)
{
    return vm.vmId().empty() && !vm.firmwareCode().empty() ? std::string(vm.firmwareCode())
                                                           : configuration.firmware;
}

std::string memoryLayoutOf(const sdk::MeasureRequest& request)
{
    const kit::QemuOptions machine = kit::QemuCommandLine(request.qemuArgs).merged("-machine", "type");
    const std::string limit = kit::valueOf(machine, "max-ram-below-4g");
    return limit.empty() ? "" : "the machine has max-ram-below-4g=" + limit;
}

class AcpiSource {
public:
    AcpiSource(sdk::Call call, const sdk::MeasureRequest& request) : call_(call), request_(request) {}

    void find(TdInputs& inputs)
    {
        if (const std::string_view path = call_.text("acpi_tables"); !path.empty())
            inputs.acpi = fromFile(std::string(path));
        const AcpiMachine machine = acpiMachineOf(request_.qemuArgs);
        if (request_.qemuArgs.empty())
            inputs.noAcpi = "no command line of QEMU is known yet: give the tables with tdx.acpi_tables";
        else if (!machine.whyNot.empty())
            inputs.noAcpi = "QEMU cannot be asked for its ACPI tables: " + machine.whyNot;
        else if (!call_.canAskMachine())
            inputs.noAcpi = "the host has no QEMU to ask for its ACPI tables";
        else
            fromQemu(machine.args, inputs);
    }

private:
    static AcpiTables fromFile(const std::string& path)
    {
        constexpr std::uint64_t kMostBytes = 4u << 20;
        return readingOption("acpi_tables", [&] {
            return AcpiTables::of(kit::readFile(path, "file of ACPI tables", kMostBytes), {}, {},
                                  AcpiOrigin::File, path);
        });
    }

    void fromQemu(const std::vector<std::string>& args, TdInputs& inputs)
    {
        std::vector<std::string> names{std::string(kTables), std::string(kRsdp), std::string(kLoader)};
        for (const std::string_view name : kMeasuredFwCfg)
            if (name != kBootMenu) // which is no file
                names.emplace_back(name);
        std::vector<sdk::FwCfgFile> files;
        try {
            files = call_.fwCfg(args, names);
        } catch (const sdk::Error& e) { // the other registers do not depend on it
            inputs.noAcpi = e.what();
            return;
        }
        const auto content = [&](std::string_view name) -> kit::ByteView {
            const auto it =
                std::find_if(files.begin(), files.end(), [&](const auto& file) { return file.name == name; });
            return it == files.end() ? kit::ByteView() : kit::ByteView(it->content);
        };
        inputs.fwCfg.emplace();
        const std::uint8_t menu =
            kit::valueOf(kit::QemuCommandLine(request_.qemuArgs).merged("-boot", "order"), "menu") == "on";
        inputs.fwCfg->push_back({std::string(kBootMenu), {menu, 0}});
        for (const std::string_view name : kMeasuredFwCfg)
            if (const kit::ByteView item = content(name); !item.empty())
                inputs.fwCfg->push_back({std::string(name), {item.begin(), item.end()}});
        if (inputs.acpi)
            return;
        if (content(kTables).empty())
            inputs.noAcpi = "QEMU makes no ACPI tables for this machine";
        else
            inputs.acpi =
                AcpiTables::of(content(kTables), content(kRsdp), content(kLoader), AcpiOrigin::Computed,
                               "QEMU " + std::string(request_.vm.qemuVersion()) +
                                   ", asked with the chipset set up as OVMF does");
    }

    sdk::Call call_;
    const sdk::MeasureRequest& request_;
};

TdInputs inputsOf(sdk::Call call, const Configuration& configuration, const sdk::MeasureRequest& request)
{
    const sdk::Vm& vm = request.vm;
    TdInputs inputs;
    inputs.firmware = firmwareOf(configuration, vm);
    inputs.profile = readingOption("firmware_profile",
                                   [&] { return parseFirmwareProfile(call.text("firmware_profile")); });
    inputs.mrtd = mrtdChoiceNamed(call.text("mrtd_order")).value_or(MrtdChoice::SinglePass);
    inputs.kernel = vm.kernel();
    inputs.initrd = vm.initrd();
    inputs.cmdline = vm.cmdline();
    inputs.qemuVersion = vm.qemuVersion();
    inputs.memoryBytes = vm.memoryBytes();
    inputs.otherMemoryLayout = memoryLayoutOf(request);
    AcpiSource(call, request).find(inputs);
    return inputs;
}

/// The option that names what was wrong.
std::string_view optionFor(std::string_view reason) noexcept
{
    return reason == "bad_initrd" ? "qemu.kernel.initrd" : "firmware";
}

struct LogFile {
    kit::Bytes bytes;
    kit::EventLog log; ///< views of the bytes
};

std::optional<LogFile> readLog(sdk::Call call)
{
    constexpr std::uint64_t kMostBytes = 4u << 20; // 1 MiB of events, as text
    const std::string_view path = call.text("event_log");
    if (path.empty())
        return std::nullopt;
    return readingOption("event_log", [&] {
        auto parts = kit::partsOfEventLog(kit::readFile(path, "event log", kMostBytes));
        LogFile out{std::move(parts.front().data), {}};
        out.log = parseTdLog(out.bytes); // of bytes that stay where they are when the vector moves
        return std::optional(std::move(out));
    });
}

/// Where a guest's event log leaves what is predicted, register by register.
void tellDifferences(const kit::EventLog& log, const TdMeasurement& measurement, sdk::Reference out)
{
    for (std::size_t i = 0; i + 1 < kRtmrs; ++i) { // RTMR3 is the guest's own
        const RegisterPrediction* reg = measurement.find("RTMR" + std::to_string(i));
        if (reg == nullptr || reg->candidates.empty())
            continue;
        std::optional<std::string> difference;
        for (const Candidate& candidate : reg->candidates) {
            difference = explainDifference(log, i, candidate.events);
            if (!difference)
                break;
        }
        out.value(std::string(reference::kLog) + "rtmr" + std::to_string(i),
                  difference ? *difference : std::string("as predicted"));
    }
}

TdMeasurement measured(const TdInputs& inputs)
{
    try {
        return measureTd(inputs);
    } catch (const kit::InputError& e) {
        throw operatorErrors().of(e, optionFor(e.reason()));
    } catch (const std::runtime_error& e) { // a file that cannot be read names itself
        throw sdk::Error(TH_FAILED_PRECONDITION, e.what(),
                         "give files that exist and that the daemon can read", "tdx.firmware");
    }
}

} // namespace

void Tdx::measure(sdk::Call call, const sdk::MeasureRequest& request, sdk::Reference out)
{
    TdInputs inputs = inputsOf(call, configuration_, request);
    const std::optional<LogFile> log = readLog(call);
    if (log && !inputs.acpi)
        inputs.acpi = acpiOf(log->log);
    const TdMeasurement measurement = measured(inputs);
    tell(measurement, out);
    kit::Bytes digests;
    for (const TdEvent& event : measurement.rtmr0WithoutAcpi)
        digests.insert(digests.end(), event.digest.begin(), event.digest.end());
    if (!digests.empty())
        out.value(reference::kRtmr0Events, sdk::ByteView(digests));
    if (log)
        tellDifferences(log->log, measurement, out);
    const auto configId = configIdFor(configuration_, request.vm);
    out.value("tdx.mr_config_id", sdk::ByteView(configId ? configId->bytes : OwnerRegister{}));
    out.value("tdx.mr_owner", sdk::ByteView(configuration_.mrOwner.value_or(OwnerRegister{})));
    out.value("tdx.mr_owner_config", sdk::ByteView(configuration_.mrOwnerConfig.value_or(OwnerRegister{})));
}

} // namespace teehost::tdx
