// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include <cstdlib>
#include <fstream>

#include "diagnose.h"
#include "host/base/log.h"
#include "host/plugin/acceptance.h"
#include "host/plugin/answer_sinks.h"
#include "host/plugin/call_frame.h"
#include "host/plugin/fragment_sink.h"
#include "host/plugin/request_views.h"
#include "options.h"
#include "plugin_checks.h"
#include "probe.h"

namespace teehost::sev_snp::test {
namespace {

std::vector<settings::OptionSpec> optionSpecs()
{
    plugin::OptionSink sink("sev-snp");
    for (const sdk::Option& option : kSevSnpOptions) {
        const th_option_spec raw = sdk::raw(option);
        sdk::expectTaken(sink.table()->add(sink.table(), &raw));
    }
    return sink.finish();
}

std::vector<plugin::CheckSpec> probeSpecs()
{
    plugin::CheckSpecSink sink;
    for (const sdk::Check& check : kSevSnpProbeChecks) {
        const th_check_spec raw = sdk::raw(check);
        sdk::expectTaken(sink.table()->add(sink.table(), &raw));
    }
    return sink.finish();
}

} // namespace

Scratch::Scratch()
{
    std::string pattern = (std::filesystem::temp_directory_path() / "teehost-snp-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
}

Scratch::~Scratch()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string Scratch::write(const std::string& name, std::string_view content, unsigned mode) const
{
    const auto path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    std::filesystem::permissions(path, static_cast<std::filesystem::perms>(mode));
    return path.string();
}

Configuration configured(const Options& options)
{
    const auto specs = optionSpecs();
    plugin::CallContext context;
    context.option = [&](std::string_view key) -> std::optional<settings::Value> {
        for (const auto& spec : specs) {
            const auto given = options.find(spec.key.substr(std::string_view("sev-snp.").size()));
            if (spec.key == key && given != options.end())
                return settings::parseValue(spec, given->second, "/");
            if (spec.key == key)
                return settings::parseValue(spec, *spec.defaultText, "/");
        }
        return std::nullopt;
    };
    const Log quiet(LogLevel::Error, [](LogLevel, const std::string&) {});
    const plugin::CallFrame frame("sev-snp", "create", context, specs, quiet);
    return Configuration(sdk::Call(frame.call(), nullptr));
}

HostFacts milanHost(const Scratch& root)
{
    root.write("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme sev sev_es sev_snp debug_swap\n\n");
    root.write("sys/module/kvm_amd/parameters/sev_snp", "Y\n");
    for (const char* name : {"kvm", "sev"}) { // the one character device that is everywhere
        std::filesystem::create_directories(root / "dev");
        std::error_code exists;
        std::filesystem::create_symlink("/dev/null", root / ("dev/" + std::string(name)), exists);
    }
    HostFacts host;
    host.root = root / "";
    host.root.pop_back();
    host.cpuid = [](std::uint32_t leaf) -> std::optional<CpuidLeaf> {
        if (leaf == 1)
            return CpuidLeaf{0x00a00f11, 0, 0, 0};
        if (leaf == 0x8000001f)
            return CpuidLeaf{0x0101fd3f, 0x00004173, 509, 100}; // C-bit 51, 5 bits fewer, ASIDs 1-99
        return std::nullopt;
    };
    host.sevFirmware = [](const std::string&) -> Asked<SevFirmware> {
        return {SevFirmware{1, 55, 29, true}, {}};
    };
    host.kvmVmTypes = [](const std::string&) -> Asked<std::uint32_t> { return {0x1d, {}}; };
    return host;
}

HostFacts otherHost()
{
    HostFacts host;
    host.root = "/nonexistent";
    host.cpuid = [](std::uint32_t leaf) -> std::optional<CpuidLeaf> {
        return leaf == 1 ? std::optional(CpuidLeaf{0x000806f8, 0, 0, 0}) : std::nullopt;
    };
    host.sevFirmware = [](const std::string&) -> Asked<SevFirmware> {
        return {std::nullopt, "cannot open /dev/sev: No such file or directory"};
    };
    host.kvmVmTypes = [](const std::string&) -> Asked<std::uint32_t> { return {1, {}}; };
    return host;
}

plugin::VmFacts plainVm()
{
    plugin::VmFacts vm;
    vm.vmId = "00000000-0000-4000-8000-000000000001";
    vm.runDir = "/run/teehost/vm/" + vm.vmId;
    vm.vcpus = vm.maxVcpus = 2;
    vm.memoryBytes = 1u << 30;
    vm.qemuBinary = "qemu-system-x86_64";
    vm.qemuVersion = "10.1.2";
    vm.accel = "kvm";
    vm.machine = "q35";
    vm.cpu = "EPYC-v4";
    return vm;
}

plugin::Fragment compose(const Configuration& configuration, const HostFacts& host, const plugin::VmFacts& vm)
{
    plugin::FragmentSink sink("sev-snp");
    const th_vm_spec view = plugin::vmView(vm);
    IdSignatures signatures;
    composeLaunch(configuration, host, sdk::Vm(view), signatures, sdk::Fragment(sink.table()));
    return sink.finish();
}

std::vector<plugin::ProbeCheck> probe(const Configuration& configuration, const HostFacts& host,
                                      const plugin::VmFacts* vm)
{
    const auto specs = probeSpecs();
    plugin::CheckSink sink(specs);
    if (vm == nullptr) {
        probeHost(configuration, host, nullptr, sdk::Checks(sink.table()));
    } else {
        const th_vm_spec view = plugin::vmView(*vm);
        const sdk::Vm spec(view);
        probeHost(configuration, host, &spec, sdk::Checks(sink.table()));
    }
    return plugin::completeProbe(specs, sink.finish().checks);
}

std::vector<plugin::Finding> diagnose(const std::string& stderr_tail, const std::string& qmp_error)
{
    const plugin::Failure failure{256, "qemu", stderr_tail, qmp_error};
    const plugin::FailureView view(failure);
    plugin::FindingSink sink;
    diagnoseLaunch(sdk::Failure(*view.get()), sdk::Findings(sink.table()));
    return sink.finish();
}

std::map<std::string, std::string> propertiesOf(const plugin::Fragment& fragment, const std::string& driver)
{
    std::map<std::string, std::string> out;
    int found = 0;
    for (const auto& any : fragment.items) {
        const auto* item = std::get_if<plugin::Item>(&any);
        if (item == nullptr || item->driver != driver)
            continue;
        ++found;
        for (const auto& property : item->properties)
            CPPUNIT_ASSERT_MESSAGE(property.key + " is given twice",
                                   out.emplace(property.key, property.value).second);
    }
    CPPUNIT_ASSERT_EQUAL_MESSAGE(driver, 1, found);
    return out;
}

std::map<std::string, std::string> notesOf(const plugin::Fragment& fragment)
{
    std::map<std::string, std::string> out;
    for (const auto& note : fragment.notes)
        out.emplace(note.key, note.value);
    return out;
}

} // namespace teehost::sev_snp::test
