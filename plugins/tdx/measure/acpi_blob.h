// SPDX-License-Identifier: Apache-2.0
//
// ACPI tables as QEMU hands them to the firmware (fw_cfg file etc/acpi/tables): one after the other, their
// checksums zero and their pointers offsets into the blob. The firmware sets both right as the commands of
// etc/table-loader tell it (QEMU, hw/acpi/bios-linker-loader.c), and measures all
// three files as they came.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <teehost/kit/bytes.h>

namespace teehost::tdx {

struct AcpiTable {
    std::string signature; ///< "FACP"
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    bool operator==(const AcpiTable&) const = default;
};

/// The tables in the order of the blob. InputError bad_acpi_tables for what is no such blob, or one that a
/// firmware has set right already.
[[nodiscard]] std::vector<AcpiTable> listAcpiTables(kit::ByteView blob);

/// etc/acpi/rsdp and etc/table-loader of QEMU's PC boards for these tables. InputError bad_acpi_tables as
/// above, and acpi_not_derivable for tables that come with commands of their own (a TPM's, NVDIMMs', those
/// of -acpitable): then the files themselves are needed.
[[nodiscard]] kit::Bytes deriveRsdp(kit::ByteView blob);
[[nodiscard]] kit::Bytes deriveLoader(kit::ByteView blob);

inline constexpr std::size_t kMaxAcpiBytes = 16u << 20;

} // namespace teehost::tdx
