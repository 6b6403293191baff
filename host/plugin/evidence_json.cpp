// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/evidence_json.h"

#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::plugin {
namespace {

constexpr std::size_t kMaxItems = 4096; // as from a plugin, plugin.h "Limits"

struct ToText {
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(std::uint64_t value) const { return std::to_string(value); }
    std::string operator()(const std::string& value) const { return value; }
    std::string operator()(const Bytes& value) const { return toHex(value); }
};

struct ToJson {
    static OrderedJson typed(const char* type, OrderedJson value)
    {
        return {{"type", type}, {"value", std::move(value)}};
    }
    OrderedJson operator()(std::monostate) const { return nullptr; }
    OrderedJson operator()(bool value) const { return typed("bool", value); }
    OrderedJson operator()(std::int64_t value) const { return typed("int", value); }
    OrderedJson operator()(std::uint64_t value) const { return typed("uint", value); }
    OrderedJson operator()(const std::string& value) const { return typed("string", value); }
    OrderedJson operator()(const Bytes& value) const { return typed("bytes", toHex(value)); }
};

DigestAlg algorithmNamed(const std::string& name)
{
    using enum DigestAlg;
    for (const auto alg : {Sha1, Sha256, Sha384, Sha512})
        if (name == algName(alg))
            return alg;
    throw InvalidArgument("the algorithm \"" + printable(name) + "\" is not known");
}

const nlohmann::json& member(const nlohmann::json& object, const char* name, nlohmann::json::value_t type)
{
    const auto found = object.is_object() ? object.find(name) : object.end();
    if (found == object.end() || found->type() != type)
        throw InvalidArgument(std::string("\"") + name + "\" is missing or of another type");
    if (found->size() > kMaxItems)
        throw InvalidArgument(std::string("\"") + name + "\" has too many members");
    return *found;
}

Register readRegister(const nlohmann::json& json)
{
    Register reg{textMember(json, "name"), algorithmNamed(textMember(json, "algorithm")),
                 parseHex(textMember(json, "digest"))};
    if (reg.name.empty() || reg.digest.size() != digestSize(reg.alg))
        throw InvalidArgument("a register has no name, or a digest of another length than its algorithm's");
    return reg;
}

} // namespace

const nlohmann::json& arrayMember(const nlohmann::json& object, const char* name)
{
    return member(object, name, nlohmann::json::value_t::array);
}

std::string textMember(const nlohmann::json& object, const char* name)
{
    return member(object, name, nlohmann::json::value_t::string).get<std::string>();
}

OrderedJson valueJson(const ClaimValue& value) { return std::visit(ToJson{}, value); }

ClaimValue valueFromJson(const nlohmann::json& json)
{
    if (!json.is_object() || json.size() != 2 || !json.contains("type") || !json.contains("value") ||
        !json["type"].is_string())
        throw InvalidArgument("a value must be an object of \"type\" and \"value\"");
    const auto& type = json["type"].get_ref<const std::string&>();
    const auto& value = json["value"];
    if (type == "bool" && value.is_boolean())
        return value.get<bool>();
    if (type == "int" && value.is_number_integer() &&
        (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX))
        return value.get<std::int64_t>();
    if (type == "uint" && value.is_number_unsigned())
        return value.get<std::uint64_t>();
    if (type == "string" && value.is_string())
        return value.get<std::string>();
    if (type == "bytes" && value.is_string())
        return parseHex(value.get_ref<const std::string&>());
    throw InvalidArgument("a value of type \"" + printable(type) + "\" is not one");
}

std::string valueText(const ClaimValue& value) { return std::visit(ToText{}, value); }

OrderedJson namedJson(const std::vector<Named>& named)
{
    OrderedJson out = OrderedJson::object();
    for (const auto& one : named)
        out[one.key] = valueJson(one.value);
    return out;
}

std::vector<Named> namedFromJson(const nlohmann::json& json)
{
    if (!json.is_object())
        throw InvalidArgument("named values must be an object");
    std::vector<Named> out;
    for (const auto& [key, value] : json.items())
        out.push_back({key, valueFromJson(value)});
    return out;
}

OrderedJson registerJson(const Register& reg)
{
    return {{"name", reg.name}, {"algorithm", algName(reg.alg)}, {"digest", toHex(reg.digest)}};
}

OrderedJson referenceJson(const Measurement& measurement)
{
    OrderedJson registers = OrderedJson::array();
    for (const auto& reg : measurement.registers)
        registers.push_back(registerJson(reg));
    return {{"registers", std::move(registers)}, {"values", namedJson(measurement.values)}};
}

Measurement referenceFromJson(const nlohmann::json& json)
{
    Measurement out;
    for (const auto& reg : arrayMember(json, "registers"))
        out.registers.push_back(readRegister(reg));
    out.values = namedFromJson(member(json, "values", nlohmann::json::value_t::object));
    return out;
}

} // namespace teehost::plugin
