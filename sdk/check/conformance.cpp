// SPDX-License-Identifier: Apache-2.0
#include "conformance.h"

#include <algorithm>
#include <cerrno>
#include <future>
#include <optional>
#include <thread>

#include <fcntl.h>

#include "elf_dynamic.h"
#include "host/base/text.h"
#include "host/base/unique_fd.h"
#include "host/plugin/answer_sinks.h"
#include "host/plugin/call_frame.h"
#include "host/plugin/contract.h"
#include "host/plugin/library.h"
#include "host/plugin/plugin.h"
#include "process_state.h"

namespace teehost::check {

namespace {

using plugin::CallContext;
using plugin::Contract;
using plugin::Plugin;

constexpr std::uint32_t kUnknownFlag = 1u << 31;
constexpr int kThreads = 4;

std::string firstOf(std::vector<std::string> names)
{
    constexpr std::size_t kShown = 4;
    const std::size_t more = names.size() > kShown ? names.size() - kShown : 0;
    names.resize(names.size() - more);
    return join(names, ", ") + (more == 0 ? "" : " and " + std::to_string(more) + " more");
}

void checkFile(const std::string& path, Report& report)
{
    const ElfDynamic elf = readElfDynamic(path);
    report.expect(elf.exported == std::vector<std::string>{TH_ENTRY_SYMBOL},
                  "exports the entry symbol and nothing else",
                  "it exports " + firstOf(elf.exported) + "; link with the version script plugin.map");
    report.expect(elf.runPath.empty(), "has no RPATH",
                  "it has \"" + elf.runPath + "\", which means nothing to the host");
    report.expect(!elf.textRelocations, "has no text relocations", "compile with -fPIC");
    report.expect(elf.bindNow, "binds its symbols at load", "link with -Wl,-z,now");
    const auto protobuf = std::find_if(elf.needed.begin(), elf.needed.end(),
                                       [](const std::string& name) { return name.starts_with("libproto"); });
    report.expect(protobuf == elf.needed.end(), "does not use protobuf",
                  "a .proto file registered twice in one process ends the process");
}

std::unique_ptr<Contract> load(const std::string& path, const Log& log)
{
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file)
        throw systemError(Category::NotFound, "cannot open \"" + path + "\"", errno);
    return plugin::negotiate(plugin::openLibrary(std::move(file), path), path, {}, log);
}

/// Options as given, parsed as the daemon would, or their defaults.
CallContext contextFor(const Contract& contract, const Subject& subject)
{
    CallContext context;
    context.option = [&](std::string_view key) -> std::optional<settings::Value> {
        for (const settings::OptionSpec& spec : contract.optionSpecs) {
            if (spec.key != key)
                continue;
            const auto given = subject.options.find(spec.key);
            if (given != subject.options.end())
                return settings::parseValue(spec, given->second, "/");
            if (spec.defaultText)
                return settings::parseValue(spec, *spec.defaultText, "/");
        }
        return std::nullopt;
    };
    return context;
}

void checkTables(const Contract& contract, Report& report)
{
    const auto* raw = contract.plugin;
    report.expect(raw->get_interface("teehost.no-such-interface/1") == nullptr,
                  "answers NULL for an unknown interface", "it gave a table");
    report.expect(raw->get_interface(TH_COMPOSE_V1) == contract.compose &&
                      raw->get_interface(TH_VERIFY_V1) == contract.verify,
                  "gives the same table each time", "a table moved");
    for (const settings::OptionSpec& option : contract.optionSpecs)
        if (option.required && !option.defaultText)
            report.note("option " + option.key, "it has no default and must be set");
    const th_offer newer{sizeof newer, TH_ABI_MAJOR + 1, TH_ABI_MAJOR + 7, 0, {}};
    th_answer answer{};
    answer.struct_size = sizeof answer;
    report.expect(contract.entry(&newer, &answer) != TH_OK, "declines versions it does not know",
                  "it accepted an offer of version " + std::to_string(TH_ABI_MAJOR + 1) + " and later");
}

void checkProbe(const Plugin& plugin, const CallContext& context, const plugin::VmFacts& vm, Report& report)
{
    if (!plugin.hasProbe())
        return report.note("probe", "not offered");
    for (const plugin::VmFacts* defaults : {&vm, static_cast<const plugin::VmFacts*>(nullptr)}) {
        const auto run = [&] {
            for (const plugin::ProbeCheck& check : plugin.probe(context, defaults)) {
                if (defaults != nullptr)
                    report.note("probe " + check.id,
                                std::string(verdictName(check.verdict)) + " " + check.message);
                if (check.verdict == plugin::Verdict::Fail && check.hint.empty())
                    throw Error(Category::FailedPrecondition, "check " + check.id + " fails without a hint");
                if (check.message == "the plugin did not report this check")
                    throw Error(Category::FailedPrecondition,
                                "check " + check.id + " is declared and not reported");
            }
        };
        report.run(defaults != nullptr ? "probes with a VM to look at" : "probes without one", run);
    }
}

void checkCompose(const Plugin& plugin, const CallContext& context, const plugin::VmFacts& vm, Report& report)
{
    if (!plugin.hasCompose())
        return report.note("compose", "not offered");
    try {
        static_cast<void>(plugin.compose(context, vm));
    } catch (const Error& e) {
        // What has to be there for it, a firmware of a certain kind, may not be here; a plugin that says so
        // is right.
        if (e.category() == Category::FailedPrecondition) {
            report.expect(!e.hint().empty(), "says what it needs to compose", "the refusal has no hint");
            return report.note("compose", e.what());
        }
    }
    report.run("composes the same fragment twice", [&] {
        if (plugin.compose(context, vm) != plugin.compose(context, vm))
            throw Error(Category::FailedPrecondition, "the fragments differ");
    });
    report.run("composes in several threads at once", [&] {
        const auto expected = plugin.compose(context, vm);
        std::vector<std::future<bool>> others;
        others.reserve(kThreads);
        for (int i = 0; i < kThreads; ++i)
            others.push_back(
                std::async(std::launch::async, [&] { return plugin.compose(context, vm) == expected; }));
        for (auto& other : others)
            if (!other.get())
                throw Error(Category::FailedPrecondition, "the fragments differ");
    });
}

void checkMeasure(const Plugin& plugin, const CallContext& context, const plugin::VmFacts& vm, Report& report)
{
    if (!plugin.hasMeasure())
        return report.note("measure", "not offered");
    try {
        const plugin::Measurement first = plugin.measure(context, vm, {});
        report.expect(first == plugin.measure(context, vm, {}), "measures the same twice",
                      "the measurements differ");
        for (const plugin::Register& reg : first.registers)
            report.note("register " + reg.name, std::string(algName(reg.alg)) + ":" + toHex(reg.digest));
    } catch (const Error& e) {
        // Without firmware there may be nothing to measure; a plugin that says so is right.
        report.expect(e.category() != Category::Internal && e.category() != Category::Unknown,
                      "says why it cannot measure", e.what());
        report.note("measure", e.what());
    }
}

void expectNotAccepted(const Plugin& plugin, const CallContext& context, plugin::VerifyRequest request,
                       const char* what, Report& report)
{
    try {
        const plugin::VerifyResult result = plugin.verify(context, request);
        report.expect(!result.accepted, std::string("does not accept ") + what, "it was accepted");
    } catch (const Error& e) { // refusing to look is no acceptance either, unless it is a bug
        report.expect(e.category() != Category::Internal, std::string("does not accept ") + what, e.what());
    }
}

void checkVerify(const Contract& contract, const Plugin& plugin, const CallContext& context, Report& report)
{
    if (!plugin.hasVerify())
        return report.note("verify", "not offered");
    const plugin::Blob empty{"", {}};
    const plugin::Blob noise{"unknown.kind", plugin::Bytes(5000, 0xa5)};
    report.expect(plugin.recognise(empty) == 0, "does not recognise an empty blob", "it does");
    report.expect(plugin.recognise(noise) < 50, "does not recognise noise", "it is rather sure of it");
    expectNotAccepted(plugin, context, {}, "no evidence", report);
    plugin::VerifyRequest garbage;
    garbage.evidence = {noise, empty};
    garbage.offline = true;
    expectNotAccepted(plugin, context, garbage, "noise as evidence", report);
    report.run("declares a required check", [&] {
        const auto& checks = contract.verifyChecks;
        if (std::none_of(checks.begin(), checks.end(), [](const plugin::CheckSpec& s) { return s.required; }))
            throw Error(Category::FailedPrecondition, "nothing it verifies is always required");
    });
}

/// Requests with a bit from the future must be refused: it could mean "check this too".
void checkUnknownFlags(const Contract& contract, const Plugin& plugin, const CallContext& context,
                       Report& report)
{
    const Log quiet(LogLevel::Error, [](LogLevel, const std::string&) {});
    plugin::CallFrame frame(plugin.info().id, "verify", context, contract.optionSpecs, quiet);
    th_instance* instance = nullptr;
    if (contract.verify == nullptr || contract.plugin->create(frame.call(), nullptr, &instance) != TH_OK)
        return;
    th_verify_request request{};
    request.struct_size = sizeof request;
    request.flags = kUnknownFlag;
    plugin::CheckSink sink(contract.verifyChecks);
    report.expect(contract.verify->verify(instance, frame.call(), &request, sink.table()) == TH_UNIMPLEMENTED,
                  "refuses a request with an unknown flag",
                  "it answered something other than TH_UNIMPLEMENTED");
    contract.plugin->destroy(instance);
}

/// For a VM of nothing in particular it may have nothing to ask; what it says must be said properly.
void checkAttest(const Plugin& plugin, const CallContext& context, const plugin::VmFacts& vm, Report& report)
{
    const auto unlessRefused = [](auto&& ask) {
        try {
            ask();
        } catch (const Error& error) {
            if (error.category() == Category::Internal)
                throw;
        }
    };
    report.run("says what evidence it verifies",
               [&] { unlessRefused([&] { (void)plugin.evidence(context, vm); }); });
    if (plugin.hasChallenge())
        report.run("makes no challenge of garbage", [&] {
            unlessRefused([&] {
                if (plugin.challenge(context, vm, {{"", plugin::Bytes(64, 0xff)}, {"x", {}}}))
                    throw Error(Category::Internal, "it made one");
            });
        });
}

void checkRest(const Plugin& plugin, const CallContext& context, Report& report)
{
    if (plugin.hasDiagnose())
        report.run("diagnoses silence and noise", [&] {
            (void)plugin.diagnose(context, {});
            (void)plugin.diagnose(context, {256, "qemu", std::string(70000, '\xff'), "no such thing"});
        });
    if (plugin.hasCapacity())
        report.run("reports its capacity", [&] { (void)plugin.capacity(context); });
}

void checkCalls(const Subject& subject, Report& report, const Log& log)
{
    auto owned = load(subject.path, log);
    const Contract& contract = *owned;
    report.pass("is taken by the host as " + contract.info.id + " " + contract.info.version);
    checkTables(contract, report);
    const CallContext context = contextFor(contract, subject);
    Plugin plugin(std::move(owned), log);
    if (!report.run("creates an instance", [&] { plugin.create(context); }))
        return;
    checkProbe(plugin, context, subject.vm, report);
    checkCompose(plugin, context, subject.vm, report);
    checkMeasure(plugin, context, subject.vm, report);
    checkVerify(contract, plugin, context, report);
    checkUnknownFlags(contract, plugin, context, report);
    if (plugin.hasEvidence())
        checkAttest(plugin, context, subject.vm, report);
    checkRest(plugin, context, report);
}

} // namespace

void checkConformance(const Subject& subject, Report& report)
{
    if (!report.run("is an ELF shared object", [&] { checkFile(subject.path, report); }))
        return;
    const Log log(LogLevel::Warning,
                  [&](LogLevel, const std::string& line) { report.note("host log", line); });
    std::thread([] {}).join(); // with the first one a sanitizer's runtime starts threads of its own
    const ProcessState before = ProcessState::now();
    std::string written;
    {
        const OutputWatch watch;
        try {
            checkCalls(subject, report, log);
        } catch (const std::exception& e) {
            report.fail("is taken by the host", describe(e));
        }
        written = watch.written();
    }
    report.expect(written.empty(), "writes nothing to stdout and stderr", "it wrote " + printable(written));
    const auto changes = before.changesTo(ProcessState::now(), subject.path);
    report.expect(changes.empty(), "leaves the process as it found it", join(changes, "; "));
}

} // namespace teehost::check
