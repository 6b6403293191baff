// SPDX-License-Identifier: Apache-2.0
#include "host/launch/merge.h"

#include <map>

#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::launch {
namespace {

/// Remembers who claimed what, and refuses the second one.
class Claims {
public:
    void claim(const std::string& thing, const std::string& owner)
    {
        const auto [it, fresh] = owners_.emplace(thing, owner);
        if (!fresh)
            throw Error(Category::AlreadyExists, "plugin " + owner + " sets " + printable(thing) +
                                                     ", which " + (it->second == owner ? "it" : it->second) +
                                                     " has already set");
    }

private:
    std::map<std::string, std::string> owners_;
};

std::string textMember(const nlohmann::json& object, const char* key)
{
    const auto it = object.find(key);
    return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::string optionOf(const plugin::AnyItem& item)
{
    return std::visit([](const auto& any) { return any.option; }, item);
}

std::string idOf(const plugin::AnyItem& item)
{
    if (const auto* plain = std::get_if<plugin::Item>(&item))
        return plain->id;
    const auto parsed = nlohmann::json::parse(std::get<plugin::JsonItem>(item).json, nullptr, false);
    return parsed.is_object() ? textMember(parsed, idKey(optionOf(item))) : std::string();
}

void mergeMachine(Merged& into, const plugin::Fragment& from, std::map<std::string, std::string>& owners)
{
    for (const auto& property : from.machine) {
        bool known = false;
        for (const auto& existing : into.machine) {
            if (existing.key != property.key)
                continue;
            if (existing.value != property.value)
                throw Error(Category::AlreadyExists, "plugin " + from.plugin +
                                                         " wants the machine property " + property.key + "=" +
                                                         property.value + ", but " + owners[property.key] +
                                                         " wants " + existing.value);
            known = true;
        }
        if (!known) {
            into.machine.push_back(property);
            owners[property.key] = "plugin " + from.plugin;
        }
    }
}

template <class T>
void append(std::vector<T>& into, const std::vector<T>& from)
{
    into.insert(into.end(), from.begin(), from.end());
}

} // namespace

const char* idKey(std::string_view option) { return option == "blockdev" ? "node-name" : "id"; }

Merged merge(const std::vector<plugin::Fragment>& fragments, const std::vector<std::string>& reserved)
{
    Merged out;
    Claims claims;
    std::map<std::string, std::string> machineOwners;
    for (const auto& thing : reserved)
        claims.claim(thing, "the host");
    for (const auto& fragment : fragments) {
        const auto& owner = fragment.plugin;
        mergeMachine(out, fragment, machineOwners);
        if (fragment.memory) {
            claims.claim("the memory backend", owner);
            out.memory = fragment.memory;
        }
        if (fragment.cpu) {
            claims.claim("the CPU model", owner);
            out.cpu = fragment.cpu;
        }
        if (fragment.directBoot) {
            claims.claim("the kernel to boot", owner);
            out.directBoot = fragment.directBoot;
        }
        for (const auto& item : fragment.items)
            if (const auto id = idOf(item); !id.empty())
                claims.claim("-" + optionOf(item) + " " + idKey(optionOf(item)) + " " + id, owner);
        for (const auto& firmware : fragment.firmware)
            claims.claim("firmware of kind " + std::to_string(static_cast<int>(firmware.kind)), owner);
        for (const auto& file : fragment.files)
            claims.claim("the file " + file.name, owner);
        for (const auto& sidecar : fragment.sidecars)
            claims.claim("the sidecar " + sidecar.name, owner);
        append(out.items, fragment.items);
        append(out.firmware, fragment.firmware);
        append(out.raw, fragment.raw);
        append(out.files, fragment.files);
        append(out.sidecars, fragment.sidecars);
        append(out.notes, fragment.notes);
    }
    return out;
}

} // namespace teehost::launch
