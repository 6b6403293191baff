// SPDX-License-Identifier: Apache-2.0
#include "tdx_measure_factory/acpi.h"

#include <algorithm>
#include <stdexcept>

namespace teehost::tdx_factory {
namespace {

void put(kit::Bytes& out, std::size_t at, std::uint64_t value, std::size_t size)
{
    for (std::size_t i = 0; i < size; ++i)
        out.at(at + i) = static_cast<std::uint8_t>(value >> (8 * i));
}

} // namespace

AcpiBuilder AcpiBuilder::withHpet()
{
    return {.tables = {{"FACS", 64},
                       {"DSDT", 100},
                       {"FACP", 244},
                       {"APIC", 120},
                       {"HPET", 56},
                       {"MCFG", 60},
                       {"WAET", 40},
                       {"RSDT", 56}}};
}

std::uint32_t AcpiBuilder::offsetOf(const std::string& signature) const
{
    std::uint32_t at = 0;
    for (const Table& table : tables) {
        if (table.signature == signature)
            return at;
        at += table.length;
    }
    throw std::logic_error("no table " + signature);
}

kit::Bytes AcpiBuilder::build() const
{
    kit::Bytes out(size, 0);
    std::uint32_t at = 0;
    std::vector<std::uint32_t> listed;
    for (const Table& table : tables) {
        std::copy(table.signature.begin(), table.signature.end(), out.begin() + at);
        put(out, at + 4, table.length, 4);
        std::fill_n(out.begin() + at + 36, table.length - 36, std::uint8_t{0});
        if (table.signature != "FACS" && table.signature != "DSDT" && table.signature != "RSDT")
            listed.push_back(at);
        if (table.signature == "FACP") {
            put(out, at + 36, offsetOf("FACS"), 4);
            put(out, at + 40, offsetOf("DSDT"), 4);
            put(out, at + 140, offsetOf("DSDT"), 8);
        }
        if (table.signature == "RSDT")
            for (std::size_t i = 0; i < std::min<std::size_t>(listed.size(), (table.length - 36) / 4); ++i)
                put(out, at + 36 + 4 * i, listed[i], 4);
        at += table.length;
    }
    return out;
}

} // namespace teehost::tdx_factory
