// SPDX-License-Identifier: Apache-2.0
#include "host/settings/option_table.h"

#include <algorithm>

#include "host/base/error.h"

namespace teehost::settings {

void OptionTable::add(OptionSpec spec)
{
    if (find(spec.key) != nullptr)
        throw Error(Category::AlreadyExists, "the option \"" + spec.key + "\" is declared twice");
    for (const auto& name : spec.env)
        if (const auto* other = findByEnvironment(name))
            throw Error(Category::AlreadyExists, "the environment variable " + name + " of option \"" +
                                                     spec.key + "\" already belongs to \"" + other->key +
                                                     "\"");
    if (spec.defaultText)
        static_cast<void>(parseValue(spec, *spec.defaultText, "/"));
    specs_.push_back(std::move(spec));
}

const OptionSpec* OptionTable::find(std::string_view key) const noexcept
{
    const auto it =
        std::find_if(specs_.begin(), specs_.end(), [&](const auto& spec) { return spec.key == key; });
    return it == specs_.end() ? nullptr : &*it;
}

const OptionSpec* OptionTable::findByEnvironment(std::string_view name) const noexcept
{
    for (const auto& spec : specs_)
        if (std::find(spec.env.begin(), spec.env.end(), name) != spec.env.end())
            return &spec;
    return nullptr;
}

std::vector<std::string> OptionTable::keys() const
{
    std::vector<std::string> out;
    for (const auto& spec : specs_)
        out.push_back(spec.key);
    return out;
}

std::vector<std::string> OptionTable::environmentNames() const
{
    std::vector<std::string> out;
    for (const auto& spec : specs_)
        out.insert(out.end(), spec.env.begin(), spec.env.end());
    return out;
}

} // namespace teehost::settings
