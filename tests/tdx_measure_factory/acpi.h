// SPDX-License-Identifier: Apache-2.0
//
// ACPI tables in the form in which QEMU hands them to a firmware, filled with nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <teehost/kit/bytes.h>

namespace teehost::tdx_factory {

struct AcpiBuilder {
    struct Table {
        std::string signature;
        std::uint32_t length;
    };
    /// In the order of the file; FACP and RSDT get their pointers, the latter to each that no other points
    /// to.
    std::vector<Table> tables{{"FACS", 64}, {"DSDT", 100}, {"FACP", 244}, {"APIC", 120},
                              {"MCFG", 60}, {"WAET", 40},  {"RSDT", 52}};
    std::size_t size = 0x2000; ///< of the file, zeros behind the tables

    /// With an HPET, as QEMU has it by default.
    [[nodiscard]] static AcpiBuilder withHpet();
    [[nodiscard]] kit::Bytes build() const;
    /// Of the first of that name.
    [[nodiscard]] std::uint32_t offsetOf(const std::string& signature) const;
};

} // namespace teehost::tdx_factory
