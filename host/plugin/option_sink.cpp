// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "host/base/text.h"
#include "host/plugin/answer_sinks.h"

namespace teehost::plugin {

namespace {

using settings::OptionSpec;
using settings::OptionType;

[[noreturn]] void invalid(const std::string& message) { throw Error(Category::InvalidArgument, message); }

bool isOptionKey(std::string_view key)
{
    return !key.empty() && key[0] >= 'a' && key[0] <= 'z' && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

bool isEnvironmentName(std::string_view name)
{
    return !name.empty() && (name[0] < '0' || name[0] > '9') &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
}

OptionType takeType(th_type type, const std::string& key)
{
    switch (type) {
    case TH_T_BOOL:
        return OptionType::Bool;
    case TH_T_INT:
        return OptionType::Int;
    case TH_T_UINT:
        return OptionType::UInt;
    case TH_T_STRING:
        return OptionType::String;
    case TH_T_BYTES:
        return OptionType::Bytes;
    case TH_T_PATH:
        return OptionType::Path;
    case TH_T_SIZE:
        return OptionType::Size;
    case TH_T_DURATION:
        return OptionType::Duration;
    case TH_T_ENUM:
        return OptionType::Enum;
    case TH_T_LIST:
        return OptionType::List;
    default:
        throw Error(Category::Unimplemented,
                    "option \"" + key + "\" has the unknown type " + std::to_string(type));
    }
}

bool hasOrder(OptionType type)
{
    return type == OptionType::Int || type == OptionType::UInt || type == OptionType::Size ||
           type == OptionType::Duration;
}

void takeRange(const th_option_spec& raw, OptionSpec& spec)
{
    if ((raw.flags & TH_OPT_HAS_RANGE) == 0)
        return;
    if (!hasOrder(spec.type) || raw.min > raw.max)
        invalid("option \"" + spec.key + "\" has a range that means nothing");
    spec.min = raw.min;
    spec.max = raw.max;
}

/// A default must be a value of the option: found here, by the plugin's author, and not at some start of the
/// daemon.
void expectDefaultParses(const OptionSpec& spec)
{
    if (!spec.defaultText)
        return;
    try {
        (void)settings::parseValue(spec, *spec.defaultText, "/");
    } catch (const Error& e) {
        invalid("the default of option \"" + spec.key + "\" is no value of it: " + e.what());
    }
}

} // namespace

OptionSink::OptionSink(std::string plugin_id) : pluginId_(std::move(plugin_id)), table_{}
{
    table_ = {sizeof table_, 0, this, [](const th_option_sink* s, const th_option_spec* spec) noexcept {
                  auto& self = stateOf<OptionSink>(s);
                  return self.take([&] { self.add(spec); });
              }};
}

void OptionSink::add(const th_option_spec* raw)
{
    expectStruct(raw, "option");
    count(raw->env_count);
    count(raw->choice_count);
    OptionSpec spec;
    const std::string key = takeName(raw->key, "option key");
    if (!isOptionKey(key))
        invalid("option key \"" + printable(key) + "\" is not [a-z][a-z0-9_]*");
    spec.key = pluginId_ + "." + key;
    spec.section = "plugin " + pluginId_;
    spec.type = takeType(raw->type, key);
    spec.help = takeName(raw->help, "help of option \"" + key + "\"");
    spec.env = takeTexts(raw->env, raw->env_count, "environment names of option \"" + key + "\"");
    for (const std::string& name : spec.env)
        if (!isEnvironmentName(name))
            invalid("option \"" + key + "\" has the environment name \"" + printable(name) +
                    "\"; capital letters, digits and _ are taken");
    spec.choices = takeTexts(raw->choices, raw->choice_count, "choices of option \"" + key + "\"");
    if (spec.choices.empty() == (spec.type == OptionType::Enum))
        invalid("option \"" + key + "\" must have choices if and only if it is an enum");
    takeRange(*raw, spec);
    spec.required = (raw->flags & TH_OPT_REQUIRED) != 0;
    spec.sensitive = (raw->flags & TH_OPT_SENSITIVE) != 0;
    spec.perVm = (raw->flags & TH_OPT_PER_VM) != 0;
    spec.reloadable = (raw->flags & TH_OPT_RELOADABLE) != 0;
    spec.deprecated = (raw->flags & TH_OPT_DEPRECATED) != 0;
    spec.allowAuto = (raw->flags & TH_OPT_AUTO) != 0;
    if ((raw->flags & TH_OPT_HAS_DEFAULT) != 0)
        spec.defaultText = takeText(raw->default_text, "default of option \"" + key + "\"");
    expectDefaultParses(spec);
    for (const OptionSpec& other : options_)
        if (other.key == spec.key)
            throw Error(Category::AlreadyExists, "option \"" + key + "\" is declared twice");
    options_.push_back(std::move(spec));
}

std::vector<OptionSpec> OptionSink::finish()
{
    rethrow();
    return std::move(options_);
}

} // namespace teehost::plugin
