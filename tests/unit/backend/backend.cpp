// SPDX-License-Identifier: Apache-2.0
#include "backend/backend.h"

#include <cstdlib>
#include <fstream>

#include "host/base/log.h"
#include "host/plugin/acceptance.h"
#include "host/plugin/answer_sinks.h"
#include "host/plugin/call_frame.h"
#include "host/plugin/fragment_sink.h"
#include "host/plugin/request_views.h"

namespace teehost::backend_test {
namespace {

template <class Sink, class Declared>
auto specsOf(Sink& sink, std::span<const Declared> declared)
{
    for (const Declared& one : declared) {
        const auto raw = sdk::raw(one);
        sdk::expectTaken(sink.table()->add(sink.table(), &raw));
    }
    return sink.finish();
}

} // namespace

Scratch::Scratch()
{
    std::string pattern = (std::filesystem::temp_directory_path() / "teehost-backend-XXXXXX").string();
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

void Scratch::addDevice(const std::string& name) const
{
    std::filesystem::create_directories(path_ / "dev");
    std::error_code exists;
    std::filesystem::create_symlink("/dev/null", path_ / "dev" / name, exists);
}

void Border::call(const Options& options, const std::function<void(sdk::Call)>& body) const
{
    plugin::OptionSink sink(id_);
    const auto specs = specsOf(sink, options_);
    plugin::CallContext context;
    context.option = [&](std::string_view key) -> std::optional<settings::Value> {
        for (const auto& spec : specs) {
            const auto given = options.find(spec.key.substr(id_.size() + 1));
            if (spec.key == key && given != options.end())
                return settings::parseValue(spec, given->second, "/");
            if (spec.key == key)
                return settings::parseValue(spec, *spec.defaultText, "/");
        }
        return std::nullopt;
    };
    const Log quiet(LogLevel::Error, [](LogLevel, const std::string&) {});
    const plugin::CallFrame frame(id_, "create", context, specs, quiet);
    body(sdk::Call(frame.call(), nullptr));
}

plugin::Fragment Border::compose(const plugin::VmFacts& vm,
                                 const std::function<void(const sdk::Vm&, sdk::Fragment)>& body) const
{
    plugin::FragmentSink sink(id_);
    const th_vm_spec view = plugin::vmView(vm);
    body(sdk::Vm(view), sdk::Fragment(sink.table()));
    return sink.finish();
}

std::vector<plugin::ProbeCheck>
Border::probe(const plugin::VmFacts* vm, const std::function<void(const sdk::Vm*, sdk::Checks)>& body) const
{
    plugin::CheckSpecSink declared;
    const auto specs = specsOf(declared, probeChecks_);
    plugin::CheckSink sink(specs);
    if (vm == nullptr) {
        body(nullptr, sdk::Checks(sink.table()));
    } else {
        const th_vm_spec view = plugin::vmView(*vm);
        const sdk::Vm spec(view);
        body(&spec, sdk::Checks(sink.table()));
    }
    return plugin::completeProbe(specs, sink.finish().checks);
}

std::vector<plugin::Finding>
Border::diagnose(const std::string& stderr_tail, const std::string& qmp_error,
                 const std::function<void(const sdk::Failure&, sdk::Findings)>& body)
{
    const plugin::Failure failure{256, "qemu", stderr_tail, qmp_error};
    const plugin::FailureView view(failure);
    plugin::FindingSink sink;
    body(sdk::Failure(*view.get()), sdk::Findings(sink.table()));
    return sink.finish();
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
    return vm;
}

Pairs machineOf(const plugin::Fragment& fragment)
{
    Pairs out;
    for (const auto& property : fragment.machine)
        out.emplace(property.key, property.value);
    return out;
}

Pairs propertiesOf(const plugin::Fragment& fragment, const std::string& driver)
{
    Pairs out;
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

Pairs notesOf(const plugin::Fragment& fragment)
{
    Pairs out;
    for (const auto& note : fragment.notes)
        out.emplace(note.key, note.value);
    return out;
}

void expectOnly(const std::string& id, plugin::Verdict verdict, const std::string& words,
                const std::vector<plugin::ProbeCheck>& checks, const std::string& also)
{
    for (const auto& check : checks) {
        const std::string shown = id + " expected; " + check.id + ": " + check.message;
        if (check.id == id) {
            CPPUNIT_ASSERT_MESSAGE(shown, check.verdict == verdict && !check.hint.empty());
            CPPUNIT_ASSERT_MESSAGE(shown, check.message.find(words) != std::string::npos);
        } else if (check.id != also) {
            CPPUNIT_ASSERT_MESSAGE(shown, check.verdict == plugin::Verdict::Pass);
        }
    }
}

} // namespace teehost::backend_test
