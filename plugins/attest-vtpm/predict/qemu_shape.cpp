// SPDX-License-Identifier: Apache-2.0
#include "predict/qemu_shape.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <teehost/kit/qemu_command_line.h>

namespace teehost::vtpm {
namespace {

struct Device {
    std::string driver;
    kit::QemuOptions properties;
};

Device deviceOf(std::string_view text)
{
    if (!text.starts_with('{')) {
        kit::QemuOptions options = kit::parseQemuOptions(text);
        std::string driver = kit::valueOf(options, "", kit::valueOf(options, "driver"));
        return {std::move(driver), std::move(options)};
    }
    Device out;
    const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object())
        return out;
    for (const auto& [key, value] : json.items())
        out.properties[key] = value.is_string() ? value.get<std::string>() : value.dump();
    out.driver = kit::valueOf(out.properties, "driver");
    return out;
}

/// Devices without a ROM that OVMF would run. All others have one unless told otherwise, or are not known.
bool hasNoRom(std::string_view driver)
{
    constexpr std::string_view kPrefixes[] = {"isa-",  "tpm-",    "usb-",       "ide-",
                                              "scsi-", "pvpanic", "virtserial", "virtconsole"};
    constexpr std::string_view kNames[] = {"virtio-rng-pci",
                                           "virtio-9p-pci",
                                           "vhost-vsock-pci",
                                           "virtio-blk-pci",
                                           "virtio-scsi-pci",
                                           "virtio-serial-pci",
                                           "virtio-mem-pci",
                                           "virtio-balloon-pci",
                                           "vhost-user-fs-pci",
                                           "pcie-root-port",
                                           "ioh3420",
                                           "qemu-xhci",
                                           "nvme",
                                           "nvme-ns",
                                           "i6300esb",
                                           "vmcoreinfo",
                                           "virtio-gpu-pci",
                                           "pcie-pci-bridge",
                                           "ich9-ahci",
                                           "virtio-iommu-pci",
                                           "virtio-keyboard-pci",
                                           "virtio-tablet-pci",
                                           "vhost-user-blk-pci",
                                           "pci-bridge",
                                           "VGA"};
    return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                       [&](std::string_view prefix) { return driver.starts_with(prefix); }) ||
           std::find(std::begin(kNames), std::end(kNames), driver) != std::end(kNames);
}

bool mayHaveRom(const Device& device)
{
    const std::string bar = kit::valueOf(device.properties, "rombar", "1");
    if (bar == "0" || kit::isOff(bar))
        return false;
    const auto file = device.properties.find("romfile");
    if (file != device.properties.end())
        return !file->second.empty();
    return !hasNoRom(device.driver);
}

std::optional<Unknown> romsOf(const kit::QemuCommandLine& line)
{
    if (line.empty()) // a VM that nobody launches yet: the daemon's have none, and of another PCR 2 will
                      // differ
        return std::nullopt;
    if (!line.has("-nodefaults"))
        return Unknown{"QEMU adds devices with option ROMs of their own without -nodefaults"};
    for (const std::string_view option : {"-nic", "-net", "-option-rom", "-readconfig"})
        if (line.has(option))
            return Unknown{"-" + std::string(option.substr(1)) + " may bring an option ROM"};
    for (const std::string_view text : line.all("-device")) {
        const Device device = deviceOf(text);
        if (mayHaveRom(device))
            return Unknown{"the device " +
                           (device.driver.empty() ? std::string("of a form not understood") : device.driver) +
                           " may have an option ROM; give it an empty romfile"};
    }
    return std::nullopt;
}

void readMachine(const kit::QemuOptions& options, const sdk::Vm& vm, MachineFacts& out)
{
    const std::string type = kit::valueOf(options, "type", vm.machine());
    if (const auto board = boardOf(type))
        out.shape.board = *board;
    else
        out.firmwareView = out.memoryLayout = Unknown{"the machine type \"" + type + "\" was not examined"};
    out.shape.smm = !kit::isOff(kit::valueOf(options, "smm", "on"));
    if (options.contains("confidential-guest-support"))
        out.firmwareView = out.memoryLayout =
            Unknown{"what a confidential VM's firmware and kernel measure was not examined"};
    if (options.contains("max-ram-below-4g"))
        out.firmwareView = out.memoryLayout = Unknown{"max-ram-below-4g moves the VM's memory"};
}

void readMemory(const kit::QemuOptions& options, const sdk::Vm& vm, MachineFacts& out)
{
    out.shape.memoryBytes = vm.memoryBytes();
    if (const auto text = options.find("size"); text != options.end()) {
        if (const auto bytes = kit::qemuMemory(text->second))
            out.shape.memoryBytes = *bytes;
        else
            out.firmwareView = out.memoryLayout =
                Unknown{"the VM's memory \"" + text->second + "\" is not understood"};
    }
    std::uint64_t most = vm.maxMemoryBytes();
    std::uint32_t slots = vm.memorySlots();
    if (!options.empty()) {
        const auto maxmem = kit::qemuMemory(kit::valueOf(options, "maxmem", "0"));
        const auto given = kit::numberOf<std::uint32_t>(kit::valueOf(options, "slots", "0"));
        constexpr std::uint32_t kMostSlots = 256; // ACPI_MAX_RAM_SLOTS
        if (!maxmem || !given || *given > kMostSlots || *maxmem > kit::kMostQemuMemory ||
            (*maxmem != 0) != (*given != 0)) {
            out.firmwareView = Unknown{"the room for more memory in -m is not understood"};
            return;
        }
        most = *maxmem;
        slots = *given;
    }
    out.shape.hotplugBytes = hotplugRoom(out.shape.memoryBytes, most, slots);
}

void readCpus(const kit::QemuOptions& options, const sdk::Vm& vm, MachineFacts& out)
{
    out.shape.vcpus = vm.vcpus();
    out.shape.maxVcpus = std::max(vm.maxVcpus(), vm.vcpus());
    if (options.empty())
        return;
    const auto count =
        kit::numberOf<std::uint32_t>(kit::valueOf(options, "cpus", std::to_string(vm.vcpus())));
    const auto most =
        kit::numberOf<std::uint32_t>(kit::valueOf(options, "maxcpus", kit::valueOf(options, "cpus", "0")));
    if (!count || !most || *count == 0 || !options.contains("cpus")) {
        out.firmwareView = Unknown{"the number of vCPUs in -smp is not understood"};
        return;
    }
    out.shape.vcpus = *count;
    out.shape.maxVcpus = std::max(*count, *most);
}

/// Under TCG; KVM shows the host's.
std::optional<CpuVendor> vendorOfModel(std::string_view model)
{
    // target/i386/cpu.c of QEMU 7.2, builtin_x86_defs; "max" is set up as AMD's.
    constexpr std::string_view kAmd[] = {"EPYC", "Opteron_G", "phenom", "athlon", "qemu64", "max"};
    constexpr std::string_view kIntel[] = {"Broadwell",      "Cascadelake", "Conroe",    "Cooperlake",
                                           "Denverton",      "Haswell",     "Icelake",   "IvyBridge",
                                           "KnightsMill",    "Nehalem",     "Penryn",    "SandyBridge",
                                           "SapphireRapids", "Skylake",     "Snowridge", "Westmere"};
    const auto begins = [model](std::string_view name) { return model.starts_with(name); };
    if (std::any_of(std::begin(kAmd), std::end(kAmd), begins))
        return CpuVendor::Amd;
    if (std::any_of(std::begin(kIntel), std::end(kIntel), begins))
        return CpuVendor::Intel;
    return std::nullopt;
}

void readVendor(const kit::QemuOptions& options, const std::string& model, bool kvm, const HostCpu& host,
                MachineFacts& out)
{
    // x86_cpu_load_model of QEMU 7.2: under KVM every model shows the vendor of the host's CPU.
    auto vendor = kvm ? host.vendor : vendorOfModel(model);
    if (const auto asked = options.find("vendor"); asked != options.end())
        vendor = vendorNamed(asked->second);
    if (vendor)
        out.shape.vendor = *vendor;
    else
        out.firmwareView =
            Unknown{"what the firmware makes of a CPU \"" + model + "\" of this vendor was not examined"};
}

void readAddressBits(const kit::QemuOptions& options, const std::string& model, bool kvm, const HostCpu& host,
                     MachineFacts& out)
{
    // target/i386/host-cpu.c and cpu.c of QEMU 7.2: 40 for all models, unless the host's are asked for; -cpu
    // host asks.
    const bool asks = kvm && (model == "host" || model == "max");
    const std::string asked = kit::valueOf(options, "host-phys-bits", asks ? "on" : "off");
    if (const auto bits = kit::numberOf<std::uint32_t>(kit::valueOf(options, "phys-bits", "0")); bits != 0u) {
        if (bits)
            out.shape.physicalAddressBits = *bits;
        else
            out.firmwareView = Unknown{"phys-bits of the CPU is not understood"};
        return;
    }
    if (!kvm || kit::isOff(asked))
        return;
    if (host.addressBits && !options.contains("host-phys-bits-limit"))
        out.shape.physicalAddressBits = *host.addressBits;
    else
        out.firmwareView = Unknown{"the CPU shows as many bits of physical address as the host's has"};
}

bool modelHasGigabytePages(std::string_view model)
{
    constexpr std::string_view kModels[] = {"EPYC",    "Skylake-Server", "Cascadelake",
                                            "Icelake", "Cooperlake",     "SapphireRapids"};
    return std::any_of(std::begin(kModels), std::end(kModels),
                       [&](std::string_view name) { return model.starts_with(name); });
}

/// OVMF uses 40 bits at most of a CPU without pages of 1 GiB.
bool hasGigabytePages(const kit::QemuOptions& options, const std::string& model, bool kvm,
                      const HostCpu& host)
{
    if (const auto asked = options.find("pdpe1gb"); asked != options.end())
        return !kit::isOff(asked->second);
    if (options.contains("-pdpe1gb"))
        return false;
    if (kvm)
        return host.gigabytePages; // KVM takes away what the host has not
    return modelHasGigabytePages(model);
}

void readCpuModel(const kit::QemuOptions& options, const sdk::Vm& vm, const HostCpu& host, MachineFacts& out)
{
    const std::string model = kit::valueOf(options, "model", vm.cpu());
    const bool kvm = vm.accel() == "kvm";
    readVendor(options, model, kvm, host, out);
    readAddressBits(options, model, kvm, host, out);
    if (out.shape.physicalAddressBits > 40 && !hasGigabytePages(options, model, kvm, host))
        out.firmwareView =
            Unknown{"the firmware uses fewer bits of physical address than the CPU \"" + model + "\" shows"};
}

/// "46 bits physical" of the first line "address sizes	: 46 bits physical, ...", by "address sizes".
std::string_view cpuinfoValue(std::string_view cpuinfo, std::string_view key)
{
    for (std::size_t at = 0; at < cpuinfo.size();) {
        const std::size_t end = std::min(cpuinfo.find('\n', at), cpuinfo.size());
        const std::string_view line = cpuinfo.substr(at, end - at);
        const std::size_t colon = line.find(": ");
        if (line.starts_with(key) && colon != std::string_view::npos)
            return line.substr(colon + 2);
        at = end + 1;
    }
    return {};
}

} // namespace

MachineFacts machineOf(const sdk::Vm& vm, std::span<const std::string_view> qemu_args, const HostCpu& host)
{
    const kit::QemuCommandLine line(qemu_args);
    kit::QemuOptions machine = line.merged("-machine", "type");
    machine.merge(line.merged("-M", "type"));
    MachineFacts out;
    out.optionRoms = romsOf(line);
    if (line.has("-shim")) // of QEMU 10.0 and later
        out.shim = Unknown{"what a shim (-shim) measures is not computed"};
    readMachine(machine, vm, out);
    readMemory(line.merged("-m", "size"), vm, out);
    readCpus(line.merged("-smp", "cpus"), vm, out);
    readCpuModel(line.merged("-cpu", "model"), vm, host, out);
    return out;
}

HostCpu HostCpu::ofModel(std::string_view model)
{
    model = model.substr(0, model.find(','));
    if (model == "host" || model == "max")
        return {};
    return {vendorOfModel(model), std::nullopt, modelHasGigabytePages(model)};
}

HostCpu HostCpu::of(std::string_view cpuinfo)
{
    const std::string_view sizes = cpuinfoValue(cpuinfo, "address sizes");
    return {vendorNamed(cpuinfoValue(cpuinfo, "vendor_id")),
            kit::numberOf<std::uint32_t>(sizes.substr(0, sizes.find(' '))),
            cpuinfoValue(cpuinfo, "flags").find(" pdpe1gb ") != std::string_view::npos};
}

} // namespace teehost::vtpm
