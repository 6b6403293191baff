// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <teehost/kit/digest.h>

namespace teehost::tdx {

/// Where ACPI tables come from, which decides what a match with them proves.
enum class AcpiOrigin {
    Computed, ///< the same QEMU was asked what it makes for the same machine
    File,     ///< the operator has them, or captured them in a guest
    Log       ///< the guest's event log says so: self-consistent, but the host chose them, and nobody checked
};

/// "computed", "file", "log"
[[nodiscard]] std::string_view nameOf(AcpiOrigin origin) noexcept;

/// The three fw_cfg files of a machine's ACPI tables, as far as they are measured.
struct AcpiTables {
    kit::Sha384Digest loader{}; ///< etc/table-loader
    kit::Sha384Digest rsdp{};   ///< etc/acpi/rsdp
    kit::Sha384Digest tables{}; ///< etc/acpi/tables
    AcpiOrigin origin = AcpiOrigin::File;
    std::string source; ///< path, or how they were obtained; for people

    /// Of the files. `rsdp` and `loader` may be empty: then they are derived from the tables. InputError
    /// bad_acpi_tables, acpi_not_derivable (acpi_blob.h).
    [[nodiscard]] static AcpiTables of(kit::ByteView tables, kit::ByteView rsdp, kit::ByteView loader,
                                       AcpiOrigin origin, std::string source);
};

} // namespace teehost::tdx
