// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/attest/local_plugins.h"
#include "cli/attest/measurement_file.h"
#include "cli/failure.h"
#include "cli/input/option_types.h"
#include "host/attest/igvm_cross_check.h"
#include "host/plugin/memory_room.h"
#include "host/plugin/vm_facts.h"

namespace teehost::cli {
namespace {

using namespace std::chrono_literals;

constexpr const char* kExamples =
    R"(  teehost measure --backend sev-snp --igvm coconut-qemu.igvm --cpus 4 --cpu EPYC
  teehost measure --backend sev-snp --firmware OVMF.fd --kernel bzImage --initrd rootfs.cpio.gz \
      --cmdline "quiet console=null" --cpus 4 --cpu EPYC-v4 --output json > expected.json
  teehost measure --backend plain-kvm --attester attest-vtpm --firmware OVMF_CODE_4M.fd \
      --firmware-vars OVMF_VARS_4M.fd --kernel bzImage --initrd rootfs.cpio.gz --cmdline "quiet" --cpus 2 --cpu EPYC \
      --qemu-version 7.2.22
  teehost verify --report report.bin --reference expected.json

Needs no daemon and no TEE: what it computes depends on these options, the named files and the settings only, and on
nothing of this machine. What was used stands in the output.)";

constexpr auto kLimit = 5min;
constexpr auto kCrossCheckLimit = 2min;

struct Options {
    std::string backend, igvm, firmware, firmwareVars, kernel, initrd, cmdline, cpu, machine, qemuVersion,
        eventLog;
    std::uint32_t cpus = 1;
    std::optional<std::uint64_t> memory;
    std::vector<std::string> attesters;
    PluginOptions plugins;
};

std::string absolutePath(const std::string& path)
{
    return path.empty() ? path : std::filesystem::absolute(path).lexically_normal().string();
}

/// The VM as the daemon would describe it to the plugin, but for what belongs to one VM.
plugin::VmFacts factsOf(const Options& o, const settings::Settings& settings, bool needsKvm)
{
    plugin::VmFacts facts;
    facts.vcpus = o.cpus;
    facts.maxVcpus = std::max(o.cpus, static_cast<std::uint32_t>(settings.number("qemu.smp.maxcpus")));
    facts.memoryBytes = o.memory.value_or(settings.number("qemu.memory.size"));
    const auto room = plugin::memoryRoom(settings, facts.memoryBytes);
    facts.memorySlots = room.slots;
    facts.maxMemoryBytes = room.maxBytes;
    facts.qemuBinary = settings.text("qemu.bin_path");
    facts.qemuVersion = o.qemuVersion;
    // What a host would find out; KVM is what there usually is.
    facts.accel = needsKvm || settings.flagOrAuto("qemu.enable_kvm").value_or(true) ? "kvm" : "tcg";
    facts.machine = o.machine.empty() ? settings.text("qemu.machine") : o.machine;
    facts.cpu = o.cpu;
    facts.firmwareCode = absolutePath(o.firmware);
    facts.firmwareVarsSource = absolutePath(o.firmwareVars);
    facts.igvm = absolutePath(o.igvm);
    facts.kernel = absolutePath(o.kernel);
    facts.initrd = absolutePath(o.initrd);
    facts.cmdline = o.cmdline;
    return facts;
}

/// What is wrong with a version; empty when it is one.
std::string isVersion(const std::string& text)
{
    const bool digits = text.find_first_not_of("0123456789.") == std::string::npos && !text.empty() &&
                        text.front() != '.' && text.back() != '.' && text.find('.') != std::string::npos;
    return digits ? "" : "must be numbers with dots, as qemu-system-x86_64 --version prints first";
}

/// Plugins read these files themselves; a name that was mistyped is told here, with its option.
void expectFiles(const Options& o)
{
    const std::pair<const char*, const std::string*> files[] = {
        {"--igvm", &o.igvm},     {"--firmware", &o.firmware}, {"--firmware-vars", &o.firmwareVars},
        {"--kernel", &o.kernel}, {"--initrd", &o.initrd},     {"--eventlog", &o.eventLog}};
    for (const auto& [option, path] : files) {
        std::error_code error;
        if (!path->empty() && !std::filesystem::is_regular_file(*path, error))
            throw UsageFailure(std::string(option) + ": \"" + *path + "\" is not a regular file");
    }
    if (o.igvm.empty() == o.firmware.empty())
        throw UsageFailure("one of --igvm and --firmware is needed, and only one",
                           "an IGVM file holds the firmware");
}

void measure(const Options& o, Session& session)
{
    expectFiles(o);
    PluginOptions options = o.plugins;
    if (!o.eventLog.empty())
        options.overrides.push_back(o.backend + ".event_log=" + absolutePath(o.eventLog));
    LocalPlugins plugins(options, session.options.timeout.value_or(kLimit), o.backend);
    const auto facts = factsOf(o, plugins.settings(), plugins.get(o.backend).info().needsKvm);
    std::vector<Measured> measured;
    // A backend that proves nothing has nothing to measure, and its VMs may have an attester all the same.
    const bool backendMeasures = o.attesters.empty() || plugins.get(o.backend).hasMeasure();
    measured.push_back({o.backend, backendMeasures ? plugins.get(o.backend).measure(plugins.call(), facts, {})
                                                   : plugin::Measurement()});
    for (const auto& id : o.attesters)
        measured.push_back({id, plugins.get(id).measure(plugins.call(), facts, {})});
    attest::crossCheckIgvm(plugins.settings(), facts.igvm, measured.front().measurement, kCrossCheckLimit);
    if (session.json())
        printJson(session.out(), measurementsJson(measured, facts));
    else
        session.out() << measurementsText(measured, facts);
}

} // namespace

void addMeasure(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "measure", kExamples);
    const auto o = std::make_shared<Options>();
    const auto add = [&](const char* name, auto& target, const char* value, const char* help) {
        return command.option(name, target, help).value(value);
    };
    add("--backend", o->backend, "NAME", "TEE plugin that computes").required();
    add("--igvm", o->igvm, "FILE", "IGVM file the VM boots; or");
    add("--firmware", o->firmware, "FILE", "firmware the VM boots");
    add("--firmware-vars", o->firmwareVars, "FILE", "Variable store that goes with the firmware");
    add("--kernel", o->kernel, "FILE", "Kernel that is booted directly");
    add("--initrd", o->initrd, "FILE", "Its initial RAM disk");
    add("--cmdline", o->cmdline, "TEXT", "Its command line, byte for byte");
    add("--cpus", o->cpus, "COUNT", "Virtual CPUs").required().between(1, 4096);
    add("--cpu", o->cpu, "MODEL", "CPU model of QEMU, EPYC-v4").required();
    addSize(command, "--memory", o->memory, "Memory (default: qemu.memory.size)");
    add("--machine", o->machine, "TYPE", "Machine of QEMU (default: qemu.machine)");
    add("--qemu-version", o->qemuVersion, "VERSION",
        "QEMU that will boot it, 7.2.22: it changes the kernel in memory, which PCR 4 and RTMR1 depend on")
        .check(isVersion);
    add("--eventlog", o->eventLog, "FILE",
        "Event log of a guest that was launched the same way: says where it leaves what is predicted, and "
        "stands in, unchecked, for what only the running machine knows")
        .oneValueEach();
    add("--attester", o->attesters, "NAME", "Attester plugin that computes as well").oneValueEach();
    addPluginOptions(command, o->plugins);
    command.onRun([o, &session] { measure(*o, session); });
}

} // namespace teehost::cli
