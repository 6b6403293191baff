// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/fragment_sink.h"

#include <algorithm>
#include <array>
#include <limits>

#include <nlohmann/json.hpp>

#include "host/base/json.h"
#include "host/base/text.h"

namespace teehost::plugin {

namespace {

using namespace std::string_view_literals;

constexpr std::array kItemOptions{"object"sv, "device"sv,   "chardev"sv, "tpmdev"sv,
                                  "netdev"sv, "blockdev"sv, "fw_cfg"sv};
constexpr std::array kJsonOptions{"object"sv, "device"sv, "netdev"sv,
                                  "blockdev"sv}; // QEMU 7.2 reads JSON for these
constexpr std::array kHostMachineKeys{"accel"sv, "type"sv, "memory-backend"sv};
constexpr std::size_t kMaxFileName = 255; // NAME_MAX
constexpr std::uint32_t kModeBits = 0777;
constexpr std::uint32_t kWriteForOthers = 0022;

[[noreturn]] void invalid(const std::string& message) { throw Error(Category::InvalidArgument, message); }
[[noreturn]] void duplicate(const std::string& message) { throw Error(Category::AlreadyExists, message); }

template <class List>
bool contains(const List& list, std::string_view word)
{
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool isQemuId(const std::string& id) // as id_wellformed() of QEMU: a letter, then letters, digits, - . _
{
    return std::isalpha(static_cast<unsigned char>(id[0])) != 0 &&
           std::all_of(id.begin(), id.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
           });
}

void refuseHostKeys(const Properties& properties, std::string_view what)
{
    for (const Property& property : properties)
        if (property.key == "id" || property.key == "size")
            invalid(std::string(what) + " has the property \"" + property.key +
                    "\", which is the host's to set");
}

std::chrono::nanoseconds takeTimeout(std::uint64_t ns, const std::string& what)
{
    if (ns > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        invalid(what + " is out of range: " + std::to_string(ns) + " ns");
    return std::chrono::nanoseconds(static_cast<std::int64_t>(ns));
}

std::string takeFileName(th_str text)
{
    std::string name = takeName(text, "file name");
    if (name == "." || name == ".." || name.find('/') != std::string::npos || name.size() > kMaxFileName)
        invalid("file name \"" + printable(name) + "\" is not one path component");
    return name;
}

SidecarPlan::Ready takeReady(std::uint32_t ready, const std::string& name)
{
    switch (ready) {
    case TH_READY_SPAWNED:
        return SidecarPlan::Ready::Spawned;
    case TH_READY_UNIX_CONNECT:
        return SidecarPlan::Ready::UnixConnect;
    case TH_READY_PATH_EXISTS:
        return SidecarPlan::Ready::PathExists;
    case TH_READY_EXIT_0:
        return SidecarPlan::Ready::ExitZero;
    default:
        throw Error(Category::Unimplemented,
                    "sidecar \"" + name + "\" has the unknown ready kind " + std::to_string(ready));
    }
}

Firmware::Kind takeFirmwareKind(std::uint32_t kind)
{
    switch (kind) {
    case TH_FW_CODE:
        return Firmware::Kind::Code;
    case TH_FW_VARS:
        return Firmware::Kind::Vars;
    case TH_FW_BIOS:
        return Firmware::Kind::Bios;
    case TH_FW_IGVM:
        return Firmware::Kind::Igvm;
    default:
        throw Error(Category::Unimplemented, "firmware kind " + std::to_string(kind) + " is unknown");
    }
}

/// The id of a JSON item, or empty. An -object's and -device's id is "id", a -blockdev's "node-name".
std::string takeJsonId(const std::string& option, const std::string& json)
{
    nlohmann::json parsed;
    try {
        parsed = parseUntrustedJson(json);
    } catch (const InvalidArgument& error) {
        invalid("the JSON of an item of -" + option + " is refused: " + error.what());
    }
    if (!parsed.is_object())
        invalid("the JSON of an item of -" + option + " is not an object");
    const auto id = parsed.find(option == "blockdev" ? "node-name" : "id");
    return id != parsed.end() && id->is_string() ? id->get<std::string>() : std::string();
}

} // namespace

bool isItemOption(std::string_view option) noexcept { return contains(kItemOptions, option); }

FragmentSink::FragmentSink(std::string plugin_id) : table_{}
{
    fragment_.plugin = std::move(plugin_id);
    table_.struct_size = sizeof table_;
    table_.ctx = this;
    using S = const th_fragment_sink*;
    table_.machine = [](S s, const th_kv* props, std::size_t n) noexcept {
        auto& self = stateOf<FragmentSink>(s);
        return self.take([&] { self.machine(props, n); }, n);
    };
    table_.memory = [](S s, th_str type, const th_kv* props, std::size_t n) noexcept {
        auto& self = stateOf<FragmentSink>(s);
        return self.take([&] { self.memory(type, props, n); }, n);
    };
    table_.cpu = [](S s, th_str model, const th_kv* props, std::size_t n) noexcept {
        auto& self = stateOf<FragmentSink>(s);
        return self.take([&] { self.cpu(model, props, n); }, n);
    };
    table_.item = [](S s, th_str option, th_str driver, th_str id, const th_kv* props,
                     std::size_t n) noexcept {
        auto& self = stateOf<FragmentSink>(s);
        return self.take([&] { self.item(option, driver, id, props, n); }, n);
    };
    table_.item_json = [](S s, th_str option, th_str json) noexcept {
        auto& self = stateOf<FragmentSink>(s);
        return self.take([&] { self.itemJson(option, json); });
    };
    table_.firmware = [](S s, std::uint32_t kind, th_str path) noexcept {
        auto& self = stateOf<FragmentSink>(s);
        return self.take([&] { self.firmware(kind, path); });
    };
    table_.direct_boot = [](S s, th_str kernel, th_str initrd, th_str cmdline) noexcept {
        auto& self = stateOf<FragmentSink>(s);
        return self.take([&] { self.directBoot(kernel, initrd, cmdline); });
    };
    table_.raw = [](S s, const th_str* args, std::size_t n) noexcept {
        auto& self = stateOf<FragmentSink>(s);
        return self.take([&] { self.raw(args, n); }, n);
    };
    table_.file = [](S s, const th_file* file) noexcept {
        auto& self = stateOf<FragmentSink>(s);
        return self.take([&] { self.file(file); });
    };
    table_.sidecar = [](S s, const th_sidecar* sidecar) noexcept {
        auto& self = stateOf<FragmentSink>(s);
        return self.take([&] { self.sidecar(sidecar); });
    };
    table_.note = [](S s, th_str key, th_str value) noexcept {
        auto& self = stateOf<FragmentSink>(s);
        return self.take([&] { self.note(key, value); });
    };
}

Fragment FragmentSink::finish()
{
    rethrow();
    return std::move(fragment_);
}

void FragmentSink::machine(const th_kv* props, std::size_t count)
{
    for (Property& property : takeProperties(props, count, "machine")) {
        if (contains(kHostMachineKeys, property.key))
            invalid("machine property \"" + property.key + "\" is the host's to set");
        const auto same = std::find_if(fragment_.machine.begin(), fragment_.machine.end(),
                                       [&](const Property& p) { return p.key == property.key; });
        if (same == fragment_.machine.end())
            fragment_.machine.push_back(std::move(property));
        else if (same->value != property.value)
            duplicate("machine property \"" + property.key + "\" is set to \"" + printable(same->value) +
                      "\" and \"" + printable(property.value) + "\"");
    }
}

void FragmentSink::memory(th_str type, const th_kv* props, std::size_t count)
{
    if (fragment_.memory)
        duplicate("the memory backend is set twice");
    MemoryBackend memory{takeName(type, "memory backend type"),
                         takeProperties(props, count, "memory backend")};
    refuseHostKeys(memory.properties, "memory backend");
    fragment_.memory = std::move(memory);
}

void FragmentSink::cpu(th_str model, const th_kv* props, std::size_t count)
{
    if (fragment_.cpu)
        duplicate("the CPU model is set twice");
    fragment_.cpu = CpuModel{takeText(model, "CPU model"), takeProperties(props, count, "CPU")};
}

void FragmentSink::item(th_str option, th_str driver, th_str id, const th_kv* props, std::size_t count)
{
    Item item{takeName(option, "item option"), takeText(driver, "item driver"), takeText(id, "item id"), {}};
    if (!isItemOption(item.option))
        invalid("option \"" + printable(item.option) + "\" is not one an item may have");
    item.properties = takeProperties(props, count, "-" + item.option + " " + printable(item.driver));
    if (item.driver.empty() && item.properties.empty())
        invalid("an item of -" + item.option + " says nothing");
    claimId(item.option, item.id);
    fragment_.items.emplace_back(std::move(item));
}

void FragmentSink::itemJson(th_str option, th_str json)
{
    JsonItem item{takeName(option, "item option"), takeName(json, "item JSON")};
    if (!contains(kJsonOptions, item.option))
        invalid("option \"" + printable(item.option) + "\" is not one a JSON item may have");
    claimId(item.option, takeJsonId(item.option, item.json));
    fragment_.items.emplace_back(std::move(item));
}

void FragmentSink::claimId(const std::string& option, const std::string& id)
{
    if (id.empty())
        return;
    if (!isQemuId(id))
        invalid("id \"" + printable(id) + "\" of -" + option +
                " is not a letter followed by letters, digits, - . _");
    if (!ids_.insert(option + " " + id).second)
        duplicate("-" + option + " with the id \"" + id + "\" is given twice");
}

void FragmentSink::firmware(std::uint32_t kind, th_str path)
{
    Firmware firmware{takeFirmwareKind(kind), takeName(path, "firmware path")};
    for (const Firmware& other : fragment_.firmware)
        if (other.kind == firmware.kind)
            duplicate("firmware of kind " + std::to_string(kind) + " is given twice");
    fragment_.firmware.push_back(std::move(firmware));
}

void FragmentSink::directBoot(th_str kernel, th_str initrd, th_str cmdline)
{
    if (fragment_.directBoot)
        duplicate("direct boot is set twice");
    fragment_.directBoot = DirectBoot{takeName(kernel, "kernel path"), takeText(initrd, "initrd path"),
                                      takeText(cmdline, "command line")};
}

void FragmentSink::raw(const th_str* args, std::size_t count)
{
    for (std::string& argument : takeTexts(args, count, "raw arguments"))
        fragment_.raw.push_back(std::move(argument));
}

void FragmentSink::file(const th_file* file)
{
    expectStruct(file, "file");
    FilePlan plan;
    plan.name = takeFileName(file->name);
    plan.copyFrom = takeText(file->copy_from, "source of file \"" + plan.name + "\"");
    if (!plan.copyFrom.empty() && (plan.copyFrom[0] != '/' || file->content.len != 0))
        invalid("file \"" + plan.name + "\" has " +
                (plan.copyFrom[0] != '/' ? "a source that is not absolute" : "both a source and content"));
    if (file->content.len != 0) {
        if (file->content.len > kMaxBytes)
            throw Error(Category::ResourceExhausted, "the content of file \"" + plan.name +
                                                         "\" is longer than " + std::to_string(kMaxBytes));
        if (file->content.ptr == nullptr)
            invalid("the content of file \"" + plan.name + "\" is a null pointer with a length");
        plan.content.assign(file->content.ptr, file->content.ptr + file->content.len);
    }
    plan.mode = file->mode == 0 ? 0600 : file->mode;
    if ((plan.mode & ~kModeBits) != 0 || (plan.mode & kWriteForOthers) != 0)
        invalid("file \"" + plan.name + "\" has mode bits that are not permissions, or lets others write");
    plan.sensitive = (file->flags & TH_FILE_SENSITIVE) != 0;
    plan.keep = (file->flags & TH_FILE_KEEP) != 0;
    plan.readonly = (file->flags & TH_FILE_READONLY) != 0;
    for (const FilePlan& other : fragment_.files)
        if (other.name == plan.name)
            duplicate("file \"" + plan.name + "\" is given twice");
    fragment_.files.push_back(std::move(plan));
}

void FragmentSink::sidecar(const th_sidecar* sidecar)
{
    expectStruct(sidecar, "sidecar");
    count(sidecar->argc);
    count(sidecar->env_count);
    SidecarPlan plan;
    plan.name = takeName(sidecar->name, "sidecar name");
    if (!isPluginId(plan.name))
        invalid("sidecar name \"" + printable(plan.name) + "\" is not [a-z][a-z0-9-]{0,31}");
    const std::string what = "sidecar \"" + plan.name + "\"";
    plan.argv = takeTexts(sidecar->argv, sidecar->argc, what + " argv");
    if (plan.argv.empty() || plan.argv[0].empty())
        invalid(what + " names no program");
    plan.env = takeProperties(sidecar->env, sidecar->env_count, what + " environment");
    plan.ready = takeReady(sidecar->ready, plan.name);
    plan.readyPath = takeText(sidecar->ready_path, what + " ready path");
    const bool needs_path =
        plan.ready == SidecarPlan::Ready::UnixConnect || plan.ready == SidecarPlan::Ready::PathExists;
    if (needs_path && (plan.readyPath.empty() || plan.readyPath[0] != '/'))
        invalid(what + " needs an absolute ready path");
    plan.readyTimeout = takeTimeout(sidecar->ready_timeout_ns, what + " ready timeout");
    plan.stopTimeout = takeTimeout(sidecar->stop_timeout_ns, what + " stop timeout");
    plan.ahead = TH_HAS(sidecar, th_sidecar, flags) && (sidecar->flags & TH_SIDECAR_AHEAD) != 0;
    if (plan.ahead && plan.ready != SidecarPlan::Ready::ExitZero)
        invalid(what + " cannot be run ahead of its VM: it is not ready by ending with status 0");
    for (const SidecarPlan& other : fragment_.sidecars)
        if (other.name == plan.name)
            duplicate(what + " is given twice");
    fragment_.sidecars.push_back(std::move(plan));
}

void FragmentSink::note(th_str key, th_str value)
{
    Property note{takeName(key, "note"), takeText(value, "note")};
    for (const Property& other : fragment_.notes)
        if (other.key == note.key)
            duplicate("note \"" + printable(note.key) + "\" is given twice");
    fragment_.notes.push_back(std::move(note));
}

} // namespace teehost::plugin
