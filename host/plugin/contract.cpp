// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/contract.h"

#include "host/base/text.h"
#include "host/plugin/answer_sinks.h"
#include "host/plugin/border.h"

namespace teehost::plugin {

namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(Category::FailedPrecondition, why); }

const th_plugin* enter(th_entry_fn entry, unsigned& abi_minor)
{
    static constexpr std::string_view kHost = "teehostd " TEEHOST_VERSION;
    const th_offer offer{sizeof offer, TH_ABI_MAJOR, TH_ABI_MAJOR, TH_ABI_MINOR, give(kHost)};
    th_answer answer{};
    answer.struct_size = sizeof answer;
    const th_status status = entry(&offer, &answer);
    if (status == TH_UNIMPLEMENTED)
        refuse("it does not speak version " + std::to_string(TH_ABI_MAJOR) + " of the plugin ABI");
    if (status != TH_OK)
        refuse("its entry function answered " + std::string(categoryName(toCategory(status))));
    if (answer.major != TH_ABI_MAJOR)
        refuse("it chose version " + std::to_string(answer.major) +
               " of the plugin ABI, which was not offered");
    if (answer.plugin == nullptr)
        refuse("its entry function gave no plugin");
    abi_minor = answer.minor;
    return answer.plugin;
}

PluginInfo readInfo(const th_plugin& plugin)
{
    expectStruct(&plugin, "its th_plugin");
    PluginInfo info;
    info.id = takeText(plugin.id, "its id");
    if (!isPluginId(info.id))
        refuse("its id \"" + printable(info.id) + "\" is not [a-z][a-z0-9-]{0,31}");
    info.version = takeName(plugin.version, "its version");
    info.vendor = takeText(plugin.vendor, "its vendor");
    info.license = takeText(plugin.license, "its license");
    info.summary = takeText(plugin.summary, "its summary");
    info.selectEnv = takeText(plugin.select_env, "its select_env");
    info.backend = (plugin.flags & TH_ROLE_BACKEND) != 0;
    info.attester = (plugin.flags & TH_ROLE_ATTESTER) != 0;
    info.confidential = (plugin.flags & TH_PLUGIN_CONFIDENTIAL) != 0;
    info.needsKvm = (plugin.flags & TH_PLUGIN_NEEDS_KVM) != 0;
    info.serial = (plugin.flags & TH_PLUGIN_SERIAL) != 0;
    if (plugin.create == nullptr || plugin.destroy == nullptr || plugin.get_interface == nullptr)
        refuse("it has no create, destroy or get_interface function");
    return info;
}

// Mandatory pointers of each table.
bool isComplete(const th_options_v1& t) noexcept { return t.describe != nullptr; }
bool isComplete(const th_probe_v1& t) noexcept { return t.describe != nullptr && t.run != nullptr; }
bool isComplete(const th_compose_v1& t) noexcept { return t.compose != nullptr; }
bool isComplete(const th_measure_v1& t) noexcept { return t.measure != nullptr; }
bool isComplete(const th_verify_v1& t) noexcept
{
    return t.describe != nullptr && t.recognise != nullptr && t.inspect != nullptr && t.verify != nullptr;
}
bool isComplete(const th_attest_v1& t) noexcept { return t.evidence != nullptr; }
bool isComplete(const th_diagnose_v1& t) noexcept { return t.diagnose != nullptr; }
bool isComplete(const th_capacity_v1& t) noexcept { return t.report != nullptr; }

enum class Needed { No, Yes };

/// The table `id`, or null. A malformed one is as good as none: an error when the plugin's roles need it.
template <class Table>
const Table* takeTable(const Contract& contract, const char* id, Needed needed, const Log& log)
{
    const auto* table = static_cast<const Table*>(contract.plugin->get_interface(id));
    std::string flaw;
    if (table == nullptr)
        flaw = std::string("it does not offer ") + id;
    else if (table->struct_size < kSize1_0<Table>)
        flaw = std::string("its table ") + id + " has struct_size " + std::to_string(table->struct_size) +
               "; release 1.0 has " + std::to_string(kSize1_0<Table>);
    else if (!isComplete(*table))
        flaw = std::string("its table ") + id + " has a null function";
    else
        return table;
    if (needed == Needed::Yes)
        refuse(flaw + ", which its roles need");
    if (table != nullptr)
        log.warning("plugin interface ignored", {{"plugin", contract.info.id}, {"reason", flaw}});
    return nullptr;
}

Needed neededIf(bool condition) noexcept { return condition ? Needed::Yes : Needed::No; }

void takeTables(Contract& c, const Log& log)
{
    const PluginInfo& info = c.info;
    if (!info.backend && !info.attester)
        refuse("it has no role: neither backend nor attester");
    c.options = takeTable<th_options_v1>(c, TH_OPTIONS_V1, Needed::No, log);
    c.probe = takeTable<th_probe_v1>(c, TH_PROBE_V1, Needed::No, log);
    c.compose = takeTable<th_compose_v1>(c, TH_COMPOSE_V1, neededIf(info.backend), log);
    c.measure = takeTable<th_measure_v1>(c, TH_MEASURE_V1, neededIf(info.backend && info.confidential), log);
    c.verify = takeTable<th_verify_v1>(c, TH_VERIFY_V1, neededIf(info.attester), log);
    c.attest = takeTable<th_attest_v1>(c, TH_ATTEST_V1, Needed::No, log);
    c.diagnose = takeTable<th_diagnose_v1>(c, TH_DIAGNOSE_V1, Needed::No, log);
    c.capacity = takeTable<th_capacity_v1>(c, TH_CAPACITY_V1, Needed::No, log);
}

/// Asks a describe function, which has no th_call to say why it fails.
template <class Sink, class Describe>
auto describe(Sink sink, Describe ask, const char* what)
{
    const th_status status = ask(sink.table());
    auto answer = sink.finish(); // what the host refused is the better reason
    if (status != TH_OK)
        refuse(std::string("it cannot describe its ") + what + ": " +
               std::string(categoryName(toCategory(status))));
    return answer;
}

} // namespace

std::unique_ptr<Contract> negotiate(th_entry_fn entry, std::string path, FileDigest sha256, const Log& log)
{
    auto contract = std::make_unique<Contract>();
    unsigned abi_minor = 0;
    contract->entry = entry;
    contract->plugin = enter(entry, abi_minor);
    contract->info = readInfo(*contract->plugin);
    contract->info.path = std::move(path);
    contract->info.sha256 = std::move(sha256);
    contract->info.abiMinor = abi_minor;
    takeTables(*contract, log);
    if (contract->options != nullptr)
        contract->optionSpecs =
            describe(OptionSink(contract->info.id), contract->options->describe, "options");
    if (contract->probe != nullptr)
        contract->probeChecks = describe(CheckSpecSink(), contract->probe->describe, "probe checks");
    if (contract->verify != nullptr)
        contract->verifyChecks = describe(CheckSpecSink(), contract->verify->describe, "verify checks");
    return contract;
}

} // namespace teehost::plugin
