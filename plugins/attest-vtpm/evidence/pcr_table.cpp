// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include <nlohmann/json.hpp>

#include <teehost/kit/input_error.h>

#include "evidence/evidence.h"

namespace teehost::vtpm {
namespace {

[[noreturn]] void refuse(const std::string& what)
{
    throw kit::InputError("malformed", "the table of PCRs " + what);
}

std::uint32_t indexOf(const std::string& text)
{
    std::uint32_t pcr = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pcr);
    if (error != std::errc() || end != text.data() + text.size() || pcr >= kPcrs)
        refuse("has an index that is not from 0 to 23");
    return pcr;
}

nlohmann::json parse(std::string_view json)
{
    constexpr std::size_t kMostText = 64u << 10;
    auto document = json.size() > kMostText
                        ? nlohmann::json()
                        : nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
    if (!document.is_object())
        refuse("is no JSON object");
    return document;
}

std::vector<PcrValue> readTable(const nlohmann::json& table)
{
    std::vector<PcrValue> out;
    for (const auto& [name, values] : table.items()) {
        const auto bank = bankNamed(name);
        if (!bank || !values.is_object())
            refuse("has a bank that is not known");
        for (const auto& [index, value] : values.items()) {
            const auto bytes =
                value.is_string() ? kit::fromHex(value.get_ref<const std::string&>()) : std::nullopt;
            if (!bytes || bytes->size() != kit::sizeOf(*bank))
                refuse("has a value that is no digest of its bank");
            out.push_back({*bank, indexOf(index), kit::AnyDigest(*bytes)});
        }
    }
    return out;
}

} // namespace

std::vector<PcrValue> readPcrTable(std::string_view json) { return readTable(parse(json)); }

std::vector<PcrValue> readExpectedPcrs(std::string_view json)
{
    const auto document = parse(json);
    const auto table = document.find("pcr_values");
    if (table == document.end() || document.size() != 1 || !table->is_object())
        refuse("has not the one member \"pcr_values\"");
    auto out = readTable(*table);
    if (out.empty())
        refuse("is empty");
    for (const PcrValue& one : out)
        if (one.bank == HashAlgorithm::Sha1)
            refuse("has values of SHA-1, which proves nothing");
        else if (one.pcr == 16 || one.pcr == 23)
            refuse("has PCR " + std::to_string(one.pcr) + ", which the guest can reset");
    return out;
}

} // namespace teehost::vtpm
