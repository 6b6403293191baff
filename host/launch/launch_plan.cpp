// SPDX-License-Identifier: Apache-2.0
#include "host/launch/launch_plan.h"

#include <algorithm>

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/launch/merge.h"
#include "host/launch/qemu_args.h"
#include "host/plugin/memory_room.h"

namespace teehost::launch {
namespace {

using plugin::Firmware;
using plugin::Properties;
using settings::Settings;

constexpr const char* kQmpChardev = "qmp0";
constexpr const char* kConsoleChardev = "console0";

std::string firmwareSetting(const Settings& settings, std::string_view key)
{
    const auto value = settings.text(key);
    return value == "none" ? std::string() : value;
}

bool hasFirmwareCode(const Settings& settings)
{
    return !firmwareSetting(settings, "ovmf.code.file").empty();
}

std::vector<std::string> reservedIds(const Settings& settings)
{
    return {"-chardev id " + std::string(kQmpChardev), "-chardev id " + std::string(kConsoleChardev),
            "-netdev id " + settings.text("qemu.netdev.id"), "-object id " + settings.text("qemu.memory.id")};
}

void addIdentity(QemuArgs& args, const VmSpec& spec, const PlanContext& context)
{
    // The name is how an operator, and a restarted daemon, recognises our processes in /proc/PID/cmdline.
    args.option("-name", "", {{"guest", qemuName(context.owner, spec.id)}});
    args.whole("-uuid", spec.id.text());
    for (const auto* flag : {"-nodefaults", "-no-user-config", "-no-reboot"})
        args.flag(flag);
    args.whole("-display", "none");
}

std::string cpuModel(const Settings& settings, const Merged& merged)
{
    const bool named = merged.cpu && !merged.cpu->model.empty();
    return named ? merged.cpu->model : settings.text("qemu.cpu");
}

void addMachine(QemuArgs& args, const VmSpec& spec, const PlanContext& context, const Merged& merged,
                std::size_t nodes)
{
    const auto& settings = context.settings;
    Properties machine = merged.machine;
    if (nodes == 1)
        machine.insert(machine.begin(), {"memory-backend", settings.text("qemu.memory.id")});
    args.extended("-machine", settings.text("qemu.machine"), machine);
    if (spec.accel == "tcg")
        args.option("-accel", "tcg", {{"thread", "multi"}});
    else
        args.option("-accel", spec.accel, {});
    args.extended("-cpu", cpuModel(settings, merged), merged.cpu ? merged.cpu->properties : Properties{});
    args.option("-smp", "",
                {{"cpus", std::to_string(spec.vcpus)}, {"maxcpus", std::to_string(spec.maxVcpus)}});
}

std::string cpuRange(const CpuRange& range)
{
    return range.first == range.last ? std::to_string(range.first)
                                     : std::to_string(range.first) + "-" + std::to_string(range.last);
}

void addMemory(QemuArgs& args, const VmSpec& spec, const Settings& settings, const Merged& merged,
               const std::vector<GuestNode>& nodes)
{
    Properties size{{"size", std::to_string(spec.memoryBytes >> 20) + "M"}};
    const auto room = plugin::memoryRoom(settings, spec.memoryBytes);
    if (room.slots > 0) {
        size.push_back({"slots", std::to_string(room.slots)});
        size.push_back({"maxmem", std::to_string(room.maxBytes >> 20) + "M"});
    }
    args.option("-m", "", size);

    const std::string id = settings.text("qemu.memory.id");
    const auto backend = merged.memory.value_or(plugin::MemoryBackend{"memory-backend-ram", {}});
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const std::string nodeId = nodes.size() == 1 ? id : id + "-" + std::to_string(i);
        Properties object{{"id", nodeId}, {"size", std::to_string(nodes[i].memoryBytes)}};
        object.insert(object.end(), backend.properties.begin(), backend.properties.end());
        args.option("-object", backend.type, object);
        if (nodes.size() == 1)
            return;
        Properties numa{{"nodeid", std::to_string(i)}};
        for (const auto& range : nodes[i].cpus)
            numa.push_back({"cpus", cpuRange(range)});
        numa.push_back({"memdev", nodeId});
        args.option("-numa", "node", numa);
    }
}

void addFirmware(QemuArgs& args, const Settings& settings, const Merged& merged)
{
    for (const auto& firmware : merged.firmware) {
        switch (firmware.kind) {
        case Firmware::Kind::Code:
            args.option("-drive", "",
                        {{"if", settings.text("ovmf.code.if")},
                         {"format", settings.text("ovmf.code.format")},
                         {"unit", std::to_string(settings.number("ovmf.code.unit"))},
                         {"file", firmware.path},
                         {"readonly", "on"}});
            break;
        case Firmware::Kind::Vars:
            args.option("-drive", "",
                        {{"if", settings.text("ovmf.vars.if")},
                         {"format", settings.text("ovmf.vars.format")},
                         {"unit", std::to_string(settings.number("ovmf.vars.unit"))},
                         {"file", firmware.path}});
            break;
        case Firmware::Kind::Bios:
            args.whole("-bios", firmware.path);
            break;
        case Firmware::Kind::Igvm:
            break; // an object of the plugin's own names the file
        }
    }
}

void addBoot(QemuArgs& args, const VmSpec& spec, const VmPaths& paths, const Settings& settings,
             const Merged& merged)
{
    if (settings.flag("qemu.disk.enable")) {
        const std::string disk = settings.text("qemu.disk.id");
        const std::string controller = settings.text("qemu.disk.scsi_id");
        args.option("-drive", "",
                    {{"file", paths.disk().string()},
                     {"if", "none"},
                     {"id", disk},
                     {"format", settings.text("qemu.disk.format")}});
        args.option("-device", "virtio-scsi-pci",
                    {{"id", controller}, {"disable-legacy", "on"}, {"iommu_platform", "true"}});
        args.option("-device", "scsi-hd", {{"bus", controller + ".0"}, {"drive", disk}, {"bootindex", "0"}});
        return;
    }
    const auto boot = merged.directBoot.value_or(plugin::DirectBoot{spec.kernel, spec.initrd, spec.cmdline});
    args.whole("-kernel", boot.kernel);
    if (!boot.initrd.empty())
        args.whole("-initrd", boot.initrd);
    if (!boot.cmdline.empty())
        args.whole("-append", boot.cmdline);
}

void addNetwork(QemuArgs& args, const Settings& settings, std::uint16_t agentPort)
{
    const std::string id = settings.text("qemu.netdev.id");
    args.option(
        "-netdev", "user",
        {{"id", id},
         {"hostfwd", "tcp:" + settings.text("qemu.host_fwd_address") + ":" + std::to_string(agentPort) +
                         "-:" + std::to_string(settings.number("qemu.guest_fwd_agent"))}});
    args.option("-device", "virtio-net-pci",
                {{"disable-legacy", settings.text("qemu.virtio_net.disable_legacy")},
                 {"iommu_platform", settings.flag("qemu.virtio_net.iommu_platform") ? "true" : "false"},
                 {"netdev", id},
                 {"addr", settings.text("qemu.virtio_net.addr")},
                 {"romfile", settings.text("qemu.virtio_net.romfile")}});
}

void addShares(QemuArgs& args, const VmPaths& paths, const Settings& settings)
{
    const std::string iommu = settings.flag("qemu.virtio_net.iommu_platform") ? "true" : "false";
    const auto add = [&](const char* tag, const std::filesystem::path& path) {
        // The guest only reads; with security_model=none nothing is ever written to the host's files.
        args.option("-fsdev", "local",
                    {{"id", std::string(tag) + "_dev"},
                     {"path", path.string()},
                     {"security_model", "none"},
                     {"readonly", "on"}});
        args.option("-device", "virtio-9p-pci",
                    {{"fsdev", std::string(tag) + "_dev"},
                     {"mount_tag", tag},
                     {"disable-legacy", "on"},
                     {"iommu_platform", iommu}});
    };
    add("certs_share", paths.certsShare());
    add("env_share", paths.envShare());
}

void addGpu(QemuArgs& args, const Settings& settings)
{
    const std::string bdf = settings.text("qemu.gpu.bdf");
    if (bdf.empty())
        return;
    const std::string port = settings.text("qemu.gpu.root_port");
    args.option("-device", "pcie-root-port", {{"id", port}, {"bus", settings.text("qemu.gpu.bus")}});
    args.option("-device", "vfio-pci", {{"host", bdf}, {"bus", port}});
    args.option("-fw_cfg", "",
                {{"name", "opt/ovmf/X-PciMmio64Mb"},
                 {"string", std::to_string(settings.number("qemu.gpu.mmio64_mb"))}});
}

void addItems(QemuArgs& args, const Merged& merged)
{
    for (const auto& any : merged.items) {
        if (const auto* json = std::get_if<plugin::JsonItem>(&any)) {
            args.json("-" + json->option, json->json);
            continue;
        }
        const auto& item = std::get<plugin::Item>(any);
        Properties properties;
        if (!item.id.empty())
            properties.push_back({idKey(item.option), item.id});
        properties.insert(properties.end(), item.properties.begin(), item.properties.end());
        args.option("-" + item.option, item.driver, properties);
    }
}

void addChannels(QemuArgs& args, const VmPaths& paths, const Settings& settings)
{
    args.option("-chardev", "file",
                {{"id", kConsoleChardev}, {"path", paths.consoleLog().string()}, {"append", "on"}});
    args.whole("-serial", std::string("chardev:") + kConsoleChardev);
    args.option("-chardev", "socket",
                {{"id", kQmpChardev}, {"fd", std::to_string(kQmpFd)}, {"server", "on"}, {"wait", "off"}});
    args.option("-mon", "", {{"chardev", kQmpChardev}, {"mode", "control"}});
    args.whole("-monitor", settings.text("qemu.monitor"));
    if (settings.flag("qemu.sandbox"))
        args.option("-sandbox", "on",
                    {{"obsolete", "deny"},
                     {"elevateprivileges", "deny"},
                     {"spawn", "deny"},
                     {"resourcecontrol", "deny"}});
}

} // namespace

std::string qemuName(std::string_view owner, const VmId& vm)
{
    return "teehost-" + std::string(owner) + "-" + vm.text();
}

plugin::VmFacts vmFacts(const VmSpec& spec, const VmPaths& paths, const PlanContext& context)
{
    const auto& settings = context.settings;
    plugin::VmFacts facts;
    facts.vmId = spec.id.text();
    facts.runDir = paths.run.string();
    facts.vcpus = spec.vcpus;
    facts.maxVcpus = spec.maxVcpus;
    facts.memoryBytes = spec.memoryBytes;
    const auto room = plugin::memoryRoom(settings, spec.memoryBytes);
    facts.memorySlots = room.slots;
    facts.maxMemoryBytes = room.maxBytes;
    facts.qemuBinary = context.qemuBinary;
    facts.qemuVersion = context.qemuVersion;
    facts.accel = spec.accel;
    facts.machine = settings.text("qemu.machine");
    facts.cpu = settings.text("qemu.cpu");
    facts.firmwareCode = firmwareSetting(settings, "ovmf.code.file");
    if (hasFirmwareCode(settings)) {
        facts.firmwareVars = paths.firmwareVars().string();
        facts.firmwareVarsSource = settings.text("ovmf.vars.file");
    }
    facts.kernel = spec.kernel;
    facts.initrd = spec.initrd;
    facts.cmdline = spec.cmdline;
    facts.hostData = spec.hostData;
    facts.configDigest = spec.configDigest;
    facts.igvm = spec.igvm;
    facts.confidential = context.confidential;
    return facts;
}

LaunchPlan makePlan(const VmSpec& spec, const VmPaths& paths, const PlanContext& context,
                    const std::vector<plugin::Fragment>& fragments)
{
    const auto& settings = context.settings;
    const Merged merged = merge(fragments, reservedIds(settings));
    const auto nodes = guestNodes(context.topology, spec.vcpus, spec.maxVcpus, spec.memoryBytes);

    QemuArgs args(context.qemuBinary);
    addIdentity(args, spec, context);
    addMachine(args, spec, context, merged, nodes.size());
    addMemory(args, spec, settings, merged, nodes);
    addFirmware(args, settings, merged);
    addBoot(args, spec, paths, settings, merged);
    addNetwork(args, settings, context.agentPort);
    addShares(args, paths, settings);
    addGpu(args, settings);
    addItems(args, merged);
    addChannels(args, paths, settings);
    for (const auto& argument : merged.raw)
        args.raw(argument);

    LaunchPlan plan;
    plan.argv = std::move(args).release();
    plan.sidecars = merged.sidecars;
    plan.files = merged.files;
    plan.notes = merged.notes;
    plan.cpuModel = cpuModel(settings, merged);
    plan.lockMemory = context.confidential || !settings.text("qemu.gpu.bdf").empty();
    return plan;
}

} // namespace teehost::launch
